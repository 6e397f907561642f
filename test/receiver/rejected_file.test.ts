import { mkdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { RejectedFile, type Rejected } from '../../src/receiver/rejected_file.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';

const NOW = Date.UTC(2026, 0, 31, 12);
const rejected = (text: string): Rejected => ({
  peer: '127.0.0.1:5',
  code: 'not_an_object',
  reason: 'because',
  text,
});

test('what was rejected is a JSON line each, with when, from whom and why', async () => {
  await using folder = await temporaryFolder();
  await new RejectedFile(folder.path).add([rejected('7'), rejected('"line\\nbreak"')], NOW);
  const lines = (await readFile(folder.in('rejected', 'plain.jsonl'), 'utf8')).split('\n').slice(0, -1);
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
    {
      receivedAt: '2026-01-31T12:00:00.000Z',
      peer: '127.0.0.1:5',
      code: 'not_an_object',
      reason: 'because',
      text: '7',
    },
    {
      receivedAt: '2026-01-31T12:00:00.000Z',
      peer: '127.0.0.1:5',
      code: 'not_an_object',
      reason: 'because',
      text: '"line\\nbreak"',
    },
  ]);
});

test('later ones are added behind, in order, also by another process', async () => {
  await using folder = await temporaryFolder();
  const file = new RejectedFile(folder.path);
  await Promise.all(Array.from({ length: 50 }, (_, n) => file.add([rejected(String(n))], NOW)));
  await new RejectedFile(folder.path).add([rejected('50')], NOW);
  const lines = (await readFile(folder.in('rejected', 'plain.jsonl'), 'utf8')).split('\n').slice(0, -1);
  expect(lines.map((line) => (JSON.parse(line) as Rejected).text)).toEqual(
    Array.from({ length: 51 }, (_, n) => String(n)),
  );
});

test('a full file takes no more: what a peer sends wrong must not fill the disk', async () => {
  await using folder = await temporaryFolder();
  await mkdir(folder.in('rejected'));
  const path = folder.in('rejected', 'plain.jsonl');
  await writeFile(path, '');
  await truncate(path, 64 * 1024 * 1024 - 10);
  await new RejectedFile(folder.path).add([rejected('7')], NOW);
  expect((await stat(path)).size).toBe(64 * 1024 * 1024 - 10);
});

test('where the disk does not take them that is told, and the next ones are tried again', async () => {
  await using folder = await temporaryFolder();
  await mkdir(folder.in('rejected', 'plain.jsonl'), { recursive: true });
  const file = new RejectedFile(folder.path);
  await expect(file.add([rejected('7')], NOW)).rejects.toThrow('EISDIR');
  await expect(file.add([rejected('8')], NOW)).rejects.toThrow('EISDIR');
});
