import { mkdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { RejectedFile } from '../../src/receiver/rejected_file.ts';
import type { Texts } from '../../src/wire/plain.ts';
import { temporaryFolder, type TemporaryFolder } from '../helpers/temp_folder.ts';
import { canMount, mountTmpfs } from '../helpers/tmpfs.ts';

const MAX_BYTES = 64 * 1024 * 1024;
const NOW = Date.UTC(2026, 0, 31, 12);
const WHY = { peer: '127.0.0.1:5', code: 'not_an_object', reason: 'because' };

const texts = (...lines: string[]): Texts => ({
  bytes: Buffer.from(lines.map((line) => `${line}\n`).join('')),
  count: lines.length,
});

const pathIn = (folder: TemporaryFolder): string => folder.in('rejected', 'plain.jsonl');

async function recordsIn(folder: TemporaryFolder): Promise<Record<string, unknown>[]> {
  const lines = (await readFile(pathIn(folder), 'utf8')).split('\n');
  expect(lines.pop()).toBe('');
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

const textsIn = async (folder: TemporaryFolder): Promise<unknown[]> =>
  (await recordsIn(folder)).map(({ text }) => text);

test('what was rejected is a JSON line each, with when, from whom and why', async () => {
  await using folder = await temporaryFolder();
  expect(await new RejectedFile(folder.path).add(texts('7', '"line\\nbreak"'), WHY, NOW)).toBe(2);
  expect(await recordsIn(folder)).toEqual([
    { receivedAt: '2026-01-31T12:00:00.000Z', ...WHY, text: '7' },
    { receivedAt: '2026-01-31T12:00:00.000Z', ...WHY, text: '"line\\nbreak"' },
  ]);
});

test('the text is as it came, whatever is in it', async () => {
  await using folder = await temporaryFolder();
  const odd = [
    '"\\"\\\\\\u0000\u2028😀"',
    '[1,\t"a\\tb" , 1.0]',
    '""',
    '"\u007f é"',
    `"${'\\"'.repeat(100_000)}"`,
  ];
  await new RejectedFile(folder.path).add(texts(...odd), WHY, NOW);
  expect(await textsIn(folder)).toEqual(odd);
});

test('many of them, and of every length around that of a piece, are all written', async () => {
  await using folder = await temporaryFolder();
  const many = Array.from({ length: 3000 }, (_, n) => String(n));
  const long = Array.from({ length: 200 }, (_, n) => `"${'é'.repeat(32_600 + n)}"`);
  const file = new RejectedFile(folder.path);
  expect(await file.add(texts(...many), WHY, NOW)).toBe(3000);
  expect(await file.add(texts(...long), WHY, NOW)).toBe(200);
  expect(await textsIn(folder)).toEqual([...many, ...long]);
});

test('later ones are added behind, in order, also by another process', async () => {
  await using folder = await temporaryFolder();
  const file = new RejectedFile(folder.path);
  await Promise.all(Array.from({ length: 50 }, (_, n) => file.add(texts(String(n)), WHY, NOW)));
  await new RejectedFile(folder.path).add(texts('50'), WHY, NOW);
  expect(await textsIn(folder)).toEqual(Array.from({ length: 51 }, (_, n) => String(n)));
});

test('a full file takes no more: what a peer sends wrong must not fill the disk', async () => {
  await using folder = await temporaryFolder();
  await mkdir(folder.in('rejected'));
  await writeFile(pathIn(folder), '');
  await truncate(pathIn(folder), MAX_BYTES - 10);
  expect(await new RejectedFile(folder.path).add(texts('7'), WHY, NOW)).toBe(0);
  expect((await stat(pathIn(folder))).size).toBe(MAX_BYTES - 10);
});

test('a file that is almost full takes what it has room for, each whole', async () => {
  await using folder = await temporaryFolder();
  const file = new RejectedFile(folder.path);
  await file.add(texts('1'), WHY, NOW);
  const { size } = await stat(pathIn(folder));
  await truncate(pathIn(folder), MAX_BYTES - 2 * size - 1);
  const next = new RejectedFile(folder.path);
  expect(await next.add(texts('2', '""', '4'), WHY, NOW)).toBe(1);
  expect(await next.add(texts('55'), WHY, NOW)).toBe(1);
  expect(await next.add(texts('6'), WHY, NOW)).toBe(0);
  expect((await stat(pathIn(folder))).size).toBe(MAX_BYTES);
  const end = (await readFile(pathIn(folder)))
    .subarray(-2 * size - 1)
    .toString()
    .split('\n');
  expect(end.slice(0, 2).map((line) => (JSON.parse(line) as { text: unknown }).text)).toEqual(['2', '55']);
});

test('where the disk does not take them that is told, and the next ones are tried again', async () => {
  await using folder = await temporaryFolder();
  await mkdir(folder.in('rejected', 'plain.jsonl'), { recursive: true });
  const file = new RejectedFile(folder.path);
  await expect(file.add(texts('7'), WHY, NOW)).rejects.toThrow('EISDIR');
  await expect(file.add(texts('8'), WHY, NOW)).rejects.toThrow('EISDIR');
});

describe.skipIf(!(await canMount()))('a disk that becomes full half-way', () => {
  test('leaves no half of them behind, and takes the next ones once there is room', async () => {
    await using disk = await mountTmpfs(4);
    const file = new RejectedFile(disk.in('data'));
    await file.add(texts('1'), WHY, NOW);
    const many = texts(...Array.from({ length: 200 }, () => `"${'x'.repeat(40_000)}"`));
    await expect(file.add(many, WHY, NOW)).rejects.toThrow('ENOSPC');
    expect(await file.add(texts('2'), WHY, NOW)).toBe(1);
    const kept = await readFile(disk.in('data', 'rejected', 'plain.jsonl'), 'utf8');
    expect(kept.split('\n').map((line) => line.slice(-11))).toEqual(['"text":"1"}', '"text":"2"}', '']);
  });
});
