import { expect, test } from 'vitest';
import { startProcess } from '../../benchmark/measured_process.ts';
import { saidBy } from '../../benchmark/said_by.ts';

const start = (script: string) =>
  startProcess([process.execPath, '-e', script], new AbortController().signal, { hasInput: true });

test('what a process says is waited for, also where it comes in pieces', async () => {
  await using child = await start(
    'process.stdin.once("data", () => setTimeout(() => console.log("42"), 20)); process.stdout.write("port ");',
  );
  child.stdin?.end('go');
  expect((await saidBy(child, /port (\d+)\n/))[1]).toBe('42');
});

test('a process that ends without is told with what it said instead', async () => {
  await using child = await start('console.log("no"); console.error("why"); process.exit(3)');
  await expect(saidBy(child, /yes/)).rejects.toThrow(/ended with 3.*\/yes\/:\nno\nwhy/s);
});
