import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { lineMaker, writeLogFile } from '../../benchmark/log_lines.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';

const linesOf = (seed: number, count: number): string[] => Array.from({ length: count }, lineMaker(seed));

test('each line is a JSON object, about 213 bytes long', () => {
  const lines = linesOf(1, 5000);
  for (const line of lines) expect(JSON.parse(line)).toMatchObject({ ts: expect.any(String) as string });
  const mean = Buffer.byteLength(lines.join('')) / lines.length;
  expect(mean).toBeGreaterThan(208);
  expect(mean).toBeLessThan(218);
});

test('the same seed makes the same lines, another seed others', () => {
  expect(linesOf(1, 100)).toEqual(linesOf(1, 100));
  expect(linesOf(1, 100)).not.toEqual(linesOf(2, 100));
});

test('a file holds as many lines as were asked for', async () => {
  await using folder = await temporaryFolder();
  const path = folder.in('logs.jsonl');
  const bytes = await writeLogFile(path, 4321, 1);
  const text = await readFile(path, 'utf8');
  expect(Buffer.byteLength(text)).toBe(bytes);
  expect(text).toBe(linesOf(1, 4321).join(''));
});
