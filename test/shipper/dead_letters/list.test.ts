import { mkdir, readFile, symlink, utimes, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { DeadLetters } from '../../../src/shipper/dead_letters/dead_letters.ts';
import { deadLetterTable, readDeadLetters } from '../../../src/shipper/dead_letters/list.ts';
import { encodeBatch } from '../../../src/shipper/encode.ts';
import { numberedBatch } from '../../helpers/deliveries.ts';
import { silentLog } from '../../helpers/logs.ts';
import { runClient } from '../../helpers/programs.ts';
import { temporaryFolder } from '../../helpers/temp_folder.ts';

test('dead letters are listed by shipper and number, with what the receiver said', async () => {
  await using folder = await temporaryFolder();
  const keep = async (shipper: string, sequence: number): Promise<void> => {
    const letters = new DeadLetters(folder.path, shipper, silentLog);
    await letters.keep(5, await numberedBatch(sequence), {
      sequence,
      code: 'bad_message',
      reason: 'be\u001b[2Jcause',
    });
  };
  await keep('b', 10);
  await keep('b', 9);
  await keep('a', 11);
  const letters = await readDeadLetters(folder.path);
  expect(letters).toMatchObject([
    { shipper: 'a', epoch: 5, sequence: 11, entries: 1, code: 'bad_message' },
    { shipper: 'b', epoch: 5, sequence: 9 },
    { shipper: 'b', epoch: 5, sequence: 10, path: folder.in('dead-letter', 'b', '5-10.ndjson') },
  ]);
  const table = deadLetterTable(letters, (letters[0]?.writtenAtMs ?? 0) + 3 * 3600 * 1000);
  const rows = table.split('\n').map((line) => line.split(/ {2,}/));
  expect(rows[0]).toEqual(['SHIPPER', 'EPOCH', 'SEQUENCE', 'ENTRIES', 'CODE', 'REASON', 'AGE', 'PATH']);
  expect(rows[1]?.slice(0, 6)).toEqual(['a', '5', '11', '1', 'bad_message', 'be [2Jcause']);
  expect(rows).toHaveLength(5);
});

test.each([
  [5_000, '5s'],
  [200_000, '3m'],
  [3 * 3_600_000, '3h'],
  [3 * 86_400_000, '3d'],
  [-5, '0s'],
])('an age of %d ms is %s', (ms, text) => {
  const letter = { shipper: 'a', name: '1-2', epoch: 1, sequence: 2, writtenAtMs: 0, path: '/x' };
  expect(deadLetterTable([letter], ms)).toMatch(new RegExp(`\\? +${text} +/x`));
});

test('a letter whose reason is missing or torn is listed without it; other files are not', async () => {
  await using folder = await temporaryFolder();
  await mkdir(folder.in('dead-letter', 'a'), { recursive: true });
  for (const name of ['1-1.ndjson', '1-2.ndjson', '1-3.ndjson.new', 'notes.txt'])
    await writeFile(folder.in('dead-letter', 'a', name), '{}\n');
  await writeFile(folder.in('dead-letter', 'a', '1-2.json'), '{"cou');
  await writeFile(folder.in('dead-letter', 'stray'), '');
  await utimes(folder.in('dead-letter', 'a', '1-1.ndjson'), 10, 10);
  expect(await readDeadLetters(folder.path)).toMatchObject([
    { sequence: 1, writtenAtMs: 10_000 },
    { sequence: 2 },
  ]);
});

test('`dead-letter list` prints the table, also when there are none', async () => {
  await using folder = await temporaryFolder();
  expect(await runClient(['dead-letter', 'list', '--state-dir', folder.path])).toMatchObject({
    code: 0,
    stdout: 'no dead letters\n',
  });
  const letters = new DeadLetters(folder.path, 'a', silentLog);
  await letters.keep(5, await numberedBatch(3), {
    sequence: 3,
    code: 'batch_too_large',
    reason: 'too large',
  });
  const { code, stdout } = await runClient(['dead-letter', 'list'], { STATE_DIR: folder.path });
  expect(code).toBe(0);
  expect(stdout).toContain(folder.in('dead-letter', 'a', '5-3.ndjson'));
});

test('a dead letter holds the entries byte for byte, also what is not UTF-8', async () => {
  await using folder = await temporaryFolder();
  const raw = Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d, 0x0a]);
  const none = { algorithm: 'none', level: 1, bypassBelow: 0 } as const;
  const batch = await encodeBatch({ sequence: 3, count: 1, raw, positions: {} }, 'acked', none);
  const letters = new DeadLetters(folder.path, 'a', silentLog);
  await letters.keep(5, batch, { sequence: 3, code: 'not_utf8', reason: 'not UTF-8' });
  expect((await readFile(folder.in('dead-letter', 'a', '5-3.ndjson'))).equals(raw)).toBe(true);
});

test('letters of an earlier version are listed: a folder with _ for :, a note without the shipper', async () => {
  await using folder = await temporaryFolder();
  await mkdir(folder.in('dead-letter', 'host_app'), { recursive: true });
  await writeFile(folder.in('dead-letter', 'host_app', '1-1.ndjson'), '{}\n');
  await writeFile(folder.in('dead-letter', 'host_app', '1-1.json'), '{"epoch":1,"sequence":1,"count":1}\n');
  expect(await readDeadLetters(folder.path)).toMatchObject([{ shipper: 'host_app', entries: 1 }]);
});

test('parts are letters once the letter they are made from is gone; a note without entries never is', async () => {
  await using folder = await temporaryFolder();
  await mkdir(folder.in('dead-letter', 'a'), { recursive: true });
  for (const name of ['1-1', '1-1.1', '1-1.2.1', '1-2.10', '1-2.9.1'])
    await writeFile(folder.in('dead-letter', 'a', `${name}.ndjson`), '{}\n');
  await writeFile(folder.in('dead-letter', 'a', '1-3.json'), '{}\n');
  const names = (await readDeadLetters(folder.path)).map(({ name }) => name);
  expect(names).toEqual(['1-1', '1-2.9.1', '1-2.10']);
});

test('what is no letter is told, and what can not be one is said to be so: nothing is followed or read', async () => {
  await using folder = await temporaryFolder();
  const inFolder = (...names: string[]): string => folder.in('dead-letter', 'a', ...names);
  await mkdir(inFolder('1-1.ndjson'), { recursive: true });
  await symlink('/etc/hostname', inFolder('1-2.ndjson'));
  await symlink('/nowhere', inFolder('1-3.ndjson'));
  await writeFile(inFolder('1-4.ndjson'), '{}\n');
  await mkdir(inFolder('1-4.json'));
  for (const name of ['notes\u001b[2J.txt', '1-.ndjson', '-1-1.ndjson', '1-1.ndjson.bak', '1-1..ndjson'])
    await writeFile(inFolder(name), '');
  await mkdir(folder.in('dead-letter', '%2e'));
  await symlink(inFolder(), folder.in('dead-letter', 'b'));
  await writeFile(folder.in('dead-letter', 'c'), '');
  const strays: string[] = [];
  const letters = await readDeadLetters(folder.path, (path, why) => strays.push(`${path}: ${why}`));
  expect(letters.map(({ name, problem }) => [name, problem])).toEqual([
    ['1-1', 'it is not a file'],
    ['1-2', 'it is a symbolic link'],
    ['1-3', 'it is a symbolic link'],
    ['1-4', undefined],
  ]);
  expect(deadLetterTable(letters, 0)).toContain('it is a symbolic link');
  expect(strays.sort()).toEqual(
    [
      ...['notes\u001b[2J.txt', '1-.ndjson', '-1-1.ndjson', '1-1.ndjson.bak', '1-1..ndjson'].map(
        (name) => `${inFolder(name)}: it is not named like a dead letter`,
      ),
      `${folder.in('dead-letter', '%2e')}: it is not named after a shipper`,
      `${folder.in('dead-letter', 'b')}: it is not a folder`,
      `${folder.in('dead-letter', 'c')}: it is not a folder`,
    ].sort(),
  );
  const { code, stdout, stderr } = await runClient(['dead-letter', 'list', '--state-dir', folder.path]);
  expect(code).toBe(0);
  expect(stdout).toContain('1-4.ndjson');
  expect(stderr).toContain(`no dead letter: "${inFolder('notes\\u001b[2J.txt')}"`);
});
