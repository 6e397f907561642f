import { expect, test } from 'vitest';
import { partsOf, rowsOf } from '../../src/outputs/rows.ts';
import { blockOf } from '../helpers/rows.ts';

test('every line is a row, and the bytes are those that came', () => {
  const block = blockOf(['{"a":1}', ' {"b":"ü"}\r', '{"__proto__":1}']);
  const { rows, malformed } = rowsOf(block);
  expect(rows.rows.map(({ line }) => line)).toEqual(['{"a":1}', ' {"b":"ü"}\r', '{"__proto__":1}']);
  expect(rows.rows[1]?.entry).toEqual({ b: 'ü' });
  expect(rows.lines).toEqual([block.raw]);
  expect(malformed).toEqual([]);
});

test('a line that is no JSON is set apart and takes no other with it', () => {
  const { rows, malformed } = rowsOf(blockOf(['{"a":1}', '{"a":[{}', '{}]}', '{},{}', '{a:1}', '{"b":2}']));
  expect(rows.rows.map(({ line }) => line)).toEqual(['{"a":1}', '{"b":2}']);
  expect(Buffer.concat(rows.lines).toString()).toBe('{"a":1}\n{"b":2}\n');
  expect(malformed.map(({ line, text }) => [line, text])).toEqual([
    [2, '{"a":[{}'],
    [3, '{}]}'],
    [4, '{},{}'],
    [5, '{a:1}'],
  ]);
  for (const { reason } of malformed) expect(reason).toMatch(/JSON/);
});

test('of malformed lines alone nothing is left', () => {
  expect(rowsOf(blockOf(['{x}'])).rows).toMatchObject({ rows: [], lines: [] });
});

test.each([1, 8, 9, 20, 1000])(
  'a block is parsed in parts of %i bytes or the line that is longer',
  (bytes) => {
    const lines = ['{"a":1}', '{"long":"a line that is longer than a part"}', '{x}', '{"b":2}', '{y}'];
    const block = blockOf(lines);
    const parts = [...partsOf(block, bytes)];
    expect(parts.flatMap(({ rows }) => rows.rows.map(({ line }) => line))).toEqual([
      lines[0],
      lines[1],
      lines[3],
    ]);
    expect(parts.flatMap(({ malformed }) => malformed.map(({ line, text }) => [line, text]))).toEqual([
      [3, '{x}'],
      [5, '{y}'],
    ]);
    expect(Buffer.concat(parts.flatMap(({ rows }) => rows.lines)).toString()).toBe(
      [lines[0], lines[1], lines[3]].map((line) => `${line}\n`).join(''),
    );
    expect(parts.length > 1).toBe(bytes < block.raw.length);
  },
);

test('nesting of any depth is parsed', () => {
  const deep = `{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}`;
  expect(rowsOf(blockOf([deep])).malformed).toEqual([]);
});
