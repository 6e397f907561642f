/** The commands of examples/thrift/README.md, each as it stands there. */
import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, symlink } from 'node:fs/promises';
import { promisify } from 'node:util';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { Program, runServer } from '../helpers/programs.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';
import { pythonPath } from '../helpers/thrift_compiler.ts';
import { until } from '../helpers/until.ts';

const shell = promisify(execFile);

const README = await readFile('examples/thrift/README.md', 'utf8');
const COMMANDS = [...README.matchAll(/```sh\n(.*?)```/gs)].flatMap(([, block = '']) =>
  block.trim().split('\n'),
);

const [START, LOOK] = ['npm start -- thrift', 'npm start -- cat data'];

test('the example sends what the archive then holds', async () => {
  await using folder = await temporaryFolder();
  await cp('examples', folder.in('examples'), { recursive: true });
  await symlink(resolve('thrift'), folder.in('thrift'));
  await mkdir(folder.in('bin'));
  await symlink(pythonPath(), folder.in('bin', 'python3'));
  expect(COMMANDS).toContain(START);
  expect(COMMANDS.at(-1)).toBe(LOOK);

  await using receiver = new Program('server_main.ts', ['thrift'], {
    ...{ THRIFT_PORT: '0', DATA_DIR: folder.in('data'), AUTH_TOKENS: '' },
  });
  const port = () => receiver.log.find(({ thriftPort }) => thriftPort !== undefined)?.thriftPort;
  await until('Thrift listens', () => port() !== undefined || receiver.child.exitCode !== null);
  const env = {
    ...process.env,
    THRIFT_PORT: String(port()),
    PATH: `${folder.in('bin')}:${process.env.PATH}`,
  };

  const sent: string[] = [];
  for (const command of COMMANDS.filter((one) => one !== START && one !== LOOK)) {
    const { stdout } = await shell('sh', ['-c', command], { cwd: folder.path, env });
    if (command.startsWith('python3')) sent.push(stdout);
  }
  expect(sent).toEqual(Array(3).fill('stored 1 entry, then 3 in one call\n'));

  const { stdout } = await runServer(['cat', folder.in('data')]);
  const entries = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(entries).toHaveLength(12);
  expect(entries[0]).toMatchObject({
    service: 'example',
    message: 'one entry: on disk when the call returns',
    level: 'INFO',
  });
  expect(entries[1]).not.toHaveProperty('level');
});
