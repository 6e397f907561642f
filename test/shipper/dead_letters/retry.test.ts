import { appendFile, mkdir, readFile, rename, symlink, unlink, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { letterId, readEntries } from '../../../src/shipper/dead_letters/retry.ts';
import { readDeadLetters, type DeadLetter } from '../../../src/shipper/dead_letters/list.ts';
import { isShipperId } from '../../../src/wire/messages.ts';
import { keepLetter, leftLines, retryHere, textOf } from '../../helpers/dead_letters.ts';
import { archivedHeaders, archivedLines, testReceiver, verdictOn } from '../../helpers/receivers.ts';
import { temporaryFolder } from '../../helpers/temp_folder.ts';

const ID = 'host:app';
const LETTER_ID = 'host:app:dead-letter:7-9';
const LINES = ['{"n":1}', '{"n":2}', `{"n":3,"x":"${'y'.repeat(300)}"}`];
const LIMITED = { limits: { maxEntryBytes: 256 } };

/** A folder for a state and an archive, with a letter kept in the state. */
async function kept(lines: readonly string[] = LINES) {
  const folder = await temporaryFolder();
  const stateFolder = folder.in('state');
  await keepLetter(stateFolder, ID, 9, lines);
  return {
    choice: { stateFolder },
    data: folder.in('data'),
    file: (name: string) => folder.in('state', 'dead-letter', 'host+app', name),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

test('a letter that is rejected again stays one letter, with the newest reason, and can be shipped later', async () => {
  await using state = await kept();
  {
    await using receiver = await testReceiver(state.data, LIMITED);
    for (let run = 0; run < 2; run += 1) {
      const { exitCode, told } = await retryHere(receiver.port, state.choice);
      expect(exitCode).toBe(1);
      expect(told).toEqual([
        `${state.file('7-9.ndjson')}: rejected again: entry_too_large: line 3 of a batch is 314 bytes long; at most 256 are taken (MAX_ENTRY_BYTES)`,
        'shipped again: 0, remaining: 1',
      ]);
    }
  }
  const [letter] = await readDeadLetters(state.choice.stateFolder);
  expect(letter).toMatchObject({
    name: '7-9',
    entries: 3,
    reason: expect.stringContaining('line 3') as string,
  });
  expect(await leftLines(state.choice.stateFolder)).toEqual(LINES);
  {
    await using receiver = await testReceiver(state.data);
    expect(await retryHere(receiver.port, state.choice)).toEqual({
      exitCode: 0,
      told: [
        `${state.file('7-9.ndjson')}: retried: 3 entries acknowledged, as ${LETTER_ID}`,
        'shipped again: 1, remaining: 0',
      ],
    });
  }
  expect(await readDeadLetters(state.choice.stateFolder)).toEqual([]);
  expect(await archivedLines(state.data)).toEqual(LINES);
  expect(
    (await archivedHeaders(state.data, LETTER_ID)).map(({ sequence, count }) => [sequence, count]),
  ).toEqual([
    [1, 0],
    [2, 0],
    [3, 3],
  ]);
  expect((await verdictOn(state.data)).code).toBe(0);
});

test('a letter that is stored and not removed (killed in between) is removed and not stored again', async () => {
  await using state = await kept();
  await using receiver = await testReceiver(state.data);
  for (let run = 0; run < 3; run += 1) {
    expect(await retryHere(receiver.port, state.choice)).toMatchObject({ exitCode: 0 });
    await keepLetter(state.choice.stateFolder, ID, 9, LINES);
    if (run === 1) await unlink(state.file('7-9.json'));
  }
  expect(await archivedLines(state.data)).toEqual(LINES);
});

test('a letter that was changed after it had arrived is neither stored nor removed, and that is said', async () => {
  await using state = await kept();
  await using receiver = await testReceiver(state.data);
  await retryHere(receiver.port, state.choice);
  await keepLetter(state.choice.stateFolder, ID, 9, [...LINES, '{"n":4}']);
  const { exitCode, told } = await retryHere(receiver.port, state.choice);
  expect(exitCode).toBe(1);
  expect(told[0]).toContain(`failed: the receiver has something else as ${LETTER_ID}`);
  expect(await leftLines(state.choice.stateFolder)).toHaveLength(4);
  expect(await archivedLines(state.data)).toEqual(LINES);
});

test('a letter longer than the receiver takes is divided; drafts that a killed run left are not shipped', async () => {
  const lines = Array.from({ length: 2000 }, (_, n) => `{"n":${n},"x":"${'y'.repeat(40)}"}`);
  await using state = await kept(lines);
  await writeFile(state.file('7-9.4.ndjson'), '{"draft":4}\n');
  await writeFile(state.file('7-9.99.ndjson'), '{"draft":99}\n');
  await using receiver = await testReceiver(state.data, { limits: { maxBatchBytes: 30_000 } });
  const { exitCode, told } = await retryHere(receiver.port, state.choice);
  expect(told[0]).toContain('longer than a batch may be: divided into 4');
  expect(told.at(-1)).toBe('shipped again: 4, remaining: 0');
  expect(exitCode).toBe(0);
  expect(await archivedLines(state.data)).toEqual(lines);
  expect(await readDeadLetters(state.choice.stateFolder)).toEqual([]);
});

test('drafts that a killed run left are not shipped either where their letter goes as a whole', async () => {
  await using state = await kept();
  await writeFile(state.file('7-9.1.ndjson'), '{"n":1}\n');
  await using receiver = await testReceiver(state.data);
  for (let run = 0; run < 2; run += 1)
    expect(await retryHere(receiver.port, state.choice)).toMatchObject({ exitCode: 0 });
  expect(await archivedLines(state.data)).toEqual(LINES);
});

test('a letter without its note is shipped as well; one of an earlier version under the name of its folder', async () => {
  await using state = await kept();
  await unlink(state.file('7-9.json'));
  await rename(state.file('.'), state.file('../host_app'));
  await using receiver = await testReceiver(state.data, LIMITED);
  expect((await retryHere(receiver.port, state.choice)).told[0]).toContain('rejected again: entry_too_large');
  await using another = await testReceiver(`${state.data}-2`);
  expect(await retryHere(another.port, state.choice)).toMatchObject({ exitCode: 0 });
  expect(await archivedLines(`${state.data}-2`, 'host_app:dead-letter:7-9')).toEqual(LINES);
});

test('what can not be read stays, is told, and keeps no other letter back', async () => {
  await using state = await kept();
  await mkdir(state.file('7-1.ndjson'));
  await symlink(state.file('7-9.ndjson'), state.file('7-2.ndjson'));
  await writeFile(state.file('7-3.ndjson'), '\n \n');
  await using receiver = await testReceiver(state.data);
  expect(await retryHere(receiver.port, state.choice)).toEqual({
    exitCode: 1,
    told: [
      `${state.file('7-1.ndjson')}: unreadable: it is not a file`,
      `${state.file('7-2.ndjson')}: unreadable: it is a symbolic link`,
      `${state.file('7-3.ndjson')}: unreadable: it holds no entries`,
      `${state.file('7-9.ndjson')}: retried: 3 entries acknowledged, as ${LETTER_ID}`,
      'shipped again: 1, remaining: 3',
    ],
  });
});

test('a letter that was put right by hand is shipped as it is now; what is no entry in it becomes one', async () => {
  await using state = await kept();
  {
    await using receiver = await testReceiver(state.data, LIMITED);
    await retryHere(receiver.port, state.choice);
  }
  await writeFile(state.file('7-9.ndjson'), textOf(LINES.slice(0, 2)));
  await appendFile(state.file('7-9.ndjson'), '\nnot json');
  await using receiver = await testReceiver(state.data, LIMITED);
  expect(await retryHere(receiver.port, state.choice)).toMatchObject({ exitCode: 0 });
  expect(await archivedLines(state.data)).toEqual([...LINES.slice(0, 2), '{"message":"not json"}']);
});

test('an id is the letter’s own, and one that a receiver takes, however long the shipper’s is', () => {
  const letter = (shipper: string, name: string): DeadLetter => {
    return { shipper, name, epoch: 7, sequence: 9, writtenAtMs: 0, path: '/x' };
  };
  expect(letterId(letter(ID, '7-9.2'))).toBe('host:app:dead-letter:7-9.2');
  const longest = 'x'.repeat(128);
  const ids = [letter(longest, '7-9'), letter(longest, '7-10'), letter(`${longest.slice(1)}y`, '7-9')].map(
    letterId,
  );
  expect(new Set(ids).size).toBe(3);
  expect(ids.every(isShipperId)).toBe(true);
});

test('the entries of a letter are its bytes', async () => {
  await using state = await kept();
  const [letter] = (await readDeadLetters(state.choice.stateFolder)) as [DeadLetter];
  const { bytes, count } = await readEntries(letter);
  expect(bytes.equals(await readFile(letter.path))).toBe(true);
  expect(count).toBe(3);
});
