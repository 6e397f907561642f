/** What the README and docs/THRIFT.md show of Thrift. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { archivedLines } from '../helpers/receivers.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';
import { compileThrift, pythonWithThrift } from '../helpers/thrift_compiler.ts';
import { thriftReceiver } from '../helpers/thrift_receivers.ts';

const blockOf = (text: string, language: string): string =>
  new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 's').exec(text)?.[1] ?? '';

test('the Python of the README, and of the docs where a token is wanted, sends what the archive then holds', async () => {
  await using folder = await temporaryFolder();
  await using server = await thriftReceiver(folder, {
    access: { tokens: ['let me in'], areIdsBound: false },
  });
  const readme = await readFile('README.md', 'utf8');
  const shown = blockOf(readme.slice(readme.indexOf('## Log entries by Thrift')), 'python');
  expect(shown).toContain('9090');
  const withToken = blockOf(await readFile('docs/THRIFT.md', 'utf8'), 'python');
  for (const name of ['log_event', 'access'])
    expect(compileThrift(join('thrift', `${name}.thrift`), folder.path)).toMatchObject({ isTaken: true });
  const script = shown
    .replace('9090', String(server.port))
    .replace('transport.open()\n', `transport.open()\ntoken = "let me in"\nlogs = []\n${withToken}`);
  await writeFile(folder.in('shown.py'), `from logferry.access import LogferryAccess\n${script}`);
  const { stdout } = await promisify(execFile)(pythonWithThrift(), [folder.in('shown.py')], {
    env: { ...process.env, PYTHONPATH: folder.path },
  });
  expect(stdout).toBe('2\n');
  const lines = await archivedLines(folder.in('data'));
  expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
    { service: 'api', level: 'INFO' },
    { service: 'api', message: expect.any(String) as string },
  ]);
});

test('the schema that docs/THRIFT.md shows is that of thrift/log_event.thrift', async () => {
  const file = await readFile('thrift/log_event.thrift', 'utf8');
  const shown = blockOf(await readFile('docs/THRIFT.md', 'utf8'), 'thrift');
  const bare = (text: string): string => text.replace(/\/\*\*.*?\*\//gs, '').replace(/\s+/g, ' ');
  expect(bare(file)).toContain(bare(shown).trim());
});
