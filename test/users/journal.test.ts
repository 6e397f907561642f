import { appendFile, readFile, stat, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { Journal, type JournalRecord } from '../../src/users/journal.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';

const record = (chunk: number, ...texts: string[]): JournalRecord => ({
  places: { drained: { chunk, lists: [{ userId: 'bob', day: 1, entries: 1 }] } },
  writes: texts.map((text, offset) => ({ file: `user_${offset}/1.jsonl`, offset, bytes: Buffer.from(text) })),
});

const FIRST: JournalRecord = { places: {}, writes: [] };

async function begun(path: string): Promise<Journal> {
  await using journal = new Journal(path);
  await journal.reset(FIRST.places);
  return new Journal(path);
}

test('a record is read as it was written', async () => {
  await using folder = await temporaryFolder();
  await using journal = await begun(folder.in('journal'));
  expect(await Array.fromAsync(journal.unread())).toEqual([FIRST]);
  await journal.append(record(1, 'one\n', '', 'three\n'));
  await journal.append(record(2));
  expect(await Array.fromAsync(journal.unread())).toEqual([]);
  await using other = new Journal(folder.in('journal'));
  expect(await Array.fromAsync(other.unread())).toEqual([
    FIRST,
    record(1, 'one\n', '', 'three\n'),
    record(2),
  ]);
});

test('of a record that a kill cut, at whatever byte, nothing is read, and the next takes its place', async () => {
  await using folder = await temporaryFolder();
  const path = folder.in('journal');
  {
    await using journal = await begun(path);
    await Array.fromAsync(journal.unread());
    await journal.append(record(1, 'one\n'));
  }
  const { size } = await stat(path);
  {
    await using journal = new Journal(path);
    await Array.fromAsync(journal.unread());
    await journal.append(record(2, 'two\n'));
  }
  const whole = await readFile(path);
  for (let length = size; length < whole.length; length += 1) {
    await writeFile(path, whole.subarray(0, length));
    await using journal = new Journal(path);
    expect(await Array.fromAsync(journal.unread())).toEqual([FIRST, record(1, 'one\n')]);
    await journal.append(record(3, 'three\n'));
    await using other = new Journal(path);
    expect((await Array.fromAsync(other.unread())).at(-1)).toEqual(record(3, 'three\n'));
  }
});

test('what is no record is cut', async () => {
  await using folder = await temporaryFolder();
  const path = folder.in('journal');
  await using journal = await begun(path);
  await Array.fromAsync(journal.unread());
  const { size } = await stat(path);
  await appendFile(path, Buffer.alloc(100, 0xff));
  expect(await Array.fromAsync(journal.unread())).toEqual([]);
  expect((await stat(path)).size).toBe(size);
});

test('a journal whose beginning is damaged is not taken for an empty one', async () => {
  await using folder = await temporaryFolder();
  const path = folder.in('journal');
  await using journal = await begun(path);
  await writeFile(path, Buffer.alloc(100));
  await expect(Array.fromAsync(journal.unread())).rejects.toMatchObject({ code: 'damaged' });
});

test('a journal that another began anew is read from its beginning', async () => {
  await using folder = await temporaryFolder();
  const path = folder.in('journal');
  await using journal = await begun(path);
  await Array.fromAsync(journal.unread());
  await journal.append(record(1, 'one\n'));
  await using other = new Journal(path);
  await Array.fromAsync(other.unread());
  await other.reset(record(1).places);
  await other.append(record(2, 'two\n'));
  expect(await Array.fromAsync(journal.unread())).toEqual([record(1), record(2, 'two\n')]);
});
