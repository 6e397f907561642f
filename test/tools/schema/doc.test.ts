/** The commands that docs/SCHEMA.md shows, and what it says of them. */
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { runServer } from '../../helpers/programs.ts';

const DOC = await readFile('docs/SCHEMA.md', 'utf8');
const COMMANDS = [...DOC.matchAll(/```sh\n(.*?)```/gs)].flatMap(([, block = '']) => block.trim().split('\n'));

test('every command runs, and exits as it should', async () => {
  const start = 'npm start -- ';
  expect(COMMANDS.every((command) => command.startsWith(start))).toBe(true);
  const done = await Promise.all(
    COMMANDS.map((command) => runServer(command.slice(start.length).split(' '))),
  );
  expect(done.map(({ code }) => code)).toEqual([0, 1, 0]);
  expect(done[0]?.stdout).toContain('all safe');
  expect(JSON.parse(done[1]?.stdout ?? '')).toMatchObject({ safe: false });
  expect(done[2]?.stdout).toContain('1  timestamp     i64');
});
