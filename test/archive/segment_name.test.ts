import { writeFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  compareSegments,
  listSegments,
  nextSegmentName,
  parseSegmentName,
  type SegmentName,
} from '../../src/archive/segment_name.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';

const NOON = Date.UTC(2026, 0, 31, 12, 0, 0);

function named(name: string): SegmentName {
  const segment = parseSegmentName(name);
  if (segment === undefined) throw new Error(`${name} is no segment`);
  return segment;
}

describe('the next segment is named', () => {
  test.each([
    ['by the second it is begun in, in UTC', NOON, undefined, 'logs_20260131_120000.jsonl.gz'],
    ['without the milliseconds', NOON + 999, undefined, 'logs_20260131_120000.jsonl.gz'],
    ['by a later second', NOON + 1000, 'logs_20260131_120000.jsonl.gz', 'logs_20260131_120001.jsonl.gz'],
    [
      'with 001 in the same second',
      NOON,
      'logs_20260131_120000.jsonl.gz',
      'logs_20260131_120000_001.jsonl.gz',
    ],
    [
      'with 002 after 001',
      NOON + 1,
      'logs_20260131_120000_001.jsonl.gz',
      'logs_20260131_120000_002.jsonl.gz',
    ],
    ['with 1000 after 999', NOON, 'logs_20260131_120000_999.jsonl.gz', 'logs_20260131_120000_1000.jsonl.gz'],
    [
      'after the last when the clock went back',
      NOON - 3_600_000,
      'logs_20260131_120000_004.jsonl.gz',
      'logs_20260131_120000_005.jsonl.gz',
    ],
    [
      'after the last when that is of the other format',
      NOON,
      'logs_20260131_120000.jsonl.zst',
      'logs_20260131_120000_001.jsonl.gz',
    ],
  ])('%s', (_, now, last, expected) => {
    expect(nextSegmentName(now, 'gzip', last === undefined ? undefined : named(last)).name).toBe(expected);
  });

  test('by its format', () => {
    expect(nextSegmentName(NOON, 'zstd', undefined)).toMatchObject({
      name: 'logs_20260131_120000.jsonl.zst',
      format: { name: 'zstd' },
    });
  });
});

test('names follow each other in order, whatever the clock does', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -5000, max: 5000 }), { minLength: 2 }), (steps) => {
      let now = NOON;
      const names: SegmentName[] = [];
      for (const step of steps) names.push(nextSegmentName((now += step), 'gzip', names.at(-1)));
      const read = names.map(({ name }) => named(name));
      expect(read).toEqual(names);
      expect([...read].reverse().sort(compareSegments)).toEqual(names);
      expect(new Set(names.map(({ name }) => name)).size).toBe(names.length);
    }),
  );
});

test.each([
  'logs_20260131_120000.jsonl',
  'logs_20260131_120000.jsonl.gz.at_12.bad',
  'logs_20260131_120000_01.jsonl.gz',
  'logs_20260131.jsonl.gz',
  'xlogs_20260131_120000.jsonl.gz',
  'checkpoint.json',
  'lock.sock',
  '',
])('%j is no segment', (name) => {
  expect(parseSegmentName(name)).toBeUndefined();
});

test('the segments of a folder are listed oldest first, 1000 after 999, and other files are not', async () => {
  await using folder = await temporaryFolder();
  const ordered = [
    'logs_20251231_235959.jsonl.zst',
    'logs_20260131_120000.jsonl.gz',
    'logs_20260131_120000_001.jsonl.zst',
    'logs_20260131_120000_999.jsonl.gz',
    'logs_20260131_120000_1000.jsonl.gz',
    'logs_20260131_120001.jsonl.gz',
  ];
  for (const name of [...ordered, 'checkpoint.json', 'notes.txt'].reverse())
    await writeFile(folder.in(name), '');
  expect((await listSegments(folder.path)).map(({ name }) => name)).toEqual(ordered);
});
