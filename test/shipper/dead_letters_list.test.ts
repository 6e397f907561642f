import { mkdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { DeadLetters } from '../../src/shipper/dead_letters.ts';
import { deadLetterTable, readDeadLetters } from '../../src/shipper/dead_letters_list.ts';
import { encodeBatch } from '../../src/shipper/encode.ts';
import { numberedBatch } from '../helpers/deliveries.ts';
import { silentLog } from '../helpers/logs.ts';
import { runClient } from '../helpers/programs.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';

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
  const letter = { shipper: 'a', epoch: 1, sequence: 2, writtenAtMs: 0, path: '/x' };
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
