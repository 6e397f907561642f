import { open, readFile, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { COMMITTED_FILE, CommittedMark, readCommitted, type Committed } from '../../src/archive/committed.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';
import { until } from '../helpers/until.ts';

const at = (offset: number): Committed => ({
  segment: 'logs_20260131_120000.jsonl.gz',
  offset,
  isDurable: true,
});
const unexpected = (error: Error): never => {
  throw error;
};

test('what was published last is read, whatever was there before', async () => {
  await using folder = await temporaryFolder();
  expect(await readCommitted(folder.path)).toBeUndefined();
  for (const offset of [123_456_789, 5]) {
    const mark = new CommittedMark(folder.path, unexpected);
    mark.publish(at(offset));
    await mark.close();
    expect(await readCommitted(folder.path)).toEqual(at(offset));
  }
});

test('of many at once the last is written, in place', async () => {
  await using folder = await temporaryFolder();
  const mark = new CommittedMark(folder.path, unexpected);
  mark.publish(at(1));
  await mark.close();
  await using file = await open(folder.in(COMMITTED_FILE), 'r');
  for (const offset of [2, 3, 4]) mark.publish(at(offset));
  await until('it is written', async () => (await readCommitted(folder.path))?.offset === 4);
  expect((await file.readFile('utf8')).length).toBe((await readFile(folder.in(COMMITTED_FILE))).length);
  await mark.close();
});

test('the last one published is written before it closes', async () => {
  await using folder = await temporaryFolder();
  const mark = new CommittedMark(folder.path, unexpected);
  mark.publish(at(1));
  mark.publish(at(2));
  await mark.close();
  expect(await readCommitted(folder.path)).toEqual(at(2));
});

test('a line that does not check out says nothing', async () => {
  await using folder = await temporaryFolder();
  const mark = new CommittedMark(folder.path, unexpected);
  mark.publish(at(77));
  await mark.close();
  const line = await readFile(folder.in(COMMITTED_FILE), 'utf8');
  for (const damaged of [line.replace('77', '78'), line.slice(0, 40), '', 'null', '[]', '{}']) {
    await writeFile(folder.in(COMMITTED_FILE), damaged);
    expect(await readCommitted(folder.path), damaged).toBeUndefined();
  }
});

test('a folder that can not be written is told once, and publishing goes on', async () => {
  const errors: Error[] = [];
  const mark = new CommittedMark('/no/such/folder', (error) => errors.push(error));
  for (const offset of [1, 2]) {
    mark.publish(at(offset));
    await mark.close();
  }
  expect(errors).toHaveLength(1);
});
