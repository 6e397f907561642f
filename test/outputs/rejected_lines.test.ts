import { readFile, rm } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { RejectedLines } from '../../src/outputs/rejected_lines.ts';
import { rowsOf } from '../../src/outputs/rows.ts';
import { blockOf } from '../helpers/rows.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';

const BLOCK = blockOf(['{"a":1}', '{broken "}', '{x}']);
const { malformed } = rowsOf(BLOCK);

test('a record says where the line is, why it is there, and what it is', async () => {
  await using folder = await temporaryFolder();
  const rejected = await RejectedLines.open(folder.path, 'csv', 0);
  await rejected.add(BLOCK, malformed);
  await rejected.sync();
  const text = await readFile(folder.in('rejected', 'csv.jsonl'), 'utf8');
  expect(
    text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as unknown),
  ).toEqual(
    [2, 3].map((line) => ({
      receivedAt: '2026-01-31T12:00:00.000Z',
      shipper: 'web-1',
      segment: 'logs_20260131_120000.jsonl.gz',
      offset: 0,
      line,
      reason: expect.stringContaining('JSON') as string,
      text: line === 2 ? '{broken "}' : '{x}',
    })),
  );
  expect(rejected.bytes).toBe(Buffer.byteLength(text));
});

test('what was not saved is cut; a file that was taken away is begun anew', async () => {
  await using folder = await temporaryFolder();
  const path = folder.in('rejected', 'csv.jsonl');
  const first = await RejectedLines.open(folder.path, 'csv', 0);
  await first.add(BLOCK, malformed);
  const saved = first.bytes;
  await first.add(BLOCK, malformed);
  const second = await RejectedLines.open(folder.path, 'csv', saved);
  expect((await readFile(path)).length).toBe(saved);
  await second.add(BLOCK, malformed);
  expect((await readFile(path)).length).toBe(saved * 2);
  await rm(path);
  const third = await RejectedLines.open(folder.path, 'csv', saved * 2);
  await third.add(BLOCK, malformed);
  expect((await readFile(path)).length).toBe(saved);
  await RejectedLines.open(folder.path, 'csv', 0);
  await expect(readFile(path)).rejects.toMatchObject({ code: 'ENOENT' });
});
