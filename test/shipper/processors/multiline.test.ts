import { describe, expect, test } from 'vitest';
import { entriesFrom, pipelineWith, processed, type Flags } from '../../helpers/processing.ts';

const messages = (text: string, flags: Flags): string[] =>
  (entriesFrom(text, flags) as { message: string }[]).map(({ message }) => message);

const BY_TIME = { 'multiline-start': '^\\d\\d:\\d\\d ' };
const BY_INDENT = { 'multiline-indent': 'true' };

describe('lines are joined', () => {
  test.each<[string, Flags, string, string[]]>([
    ['behind a start', BY_TIME, '10:00 a\nb\nc\n10:01 d\n', ['10:00 a\nb\nc', '10:01 d']],
    ['before the first start', BY_TIME, 'x\ny\n10:00 a\n', ['x\ny', '10:00 a']],
    ['with blank lines between', BY_TIME, '10:00 a\n\nb\n\n10:01 c\n', ['10:00 a\n\nb', '10:01 c']],
    ['by indentation', BY_INDENT, 'E: x\n  at y\n\tat z\nF\n', ['E: x\n  at y\n\tat z', 'F']],
    ['with CRLF', BY_INDENT, 'a\r\n b\r\nc\r\n', ['a\r\n b', 'c']],
    ['without a newline at the end', BY_INDENT, 'a\n b', ['a\n b']],
    [
      'up to so many lines',
      { ...BY_INDENT, 'multiline-max-lines': '2' },
      'a\n b\n c\n d\ne\n',
      ['a\n b', ' c\n d', 'e'],
    ],
    ['by both', { ...BY_TIME, ...BY_INDENT }, '10:00 a\nb\n 10:01 c\n', ['10:00 a\nb\n 10:01 c']],
  ])('%s', (_, flags, text, expected) => {
    expect(messages(text, flags)).toEqual(expected);
  });

  test('up to so many bytes', () => {
    const line = ` ${'x'.repeat(500)}`;
    const text = `a\n${`${line}\n`.repeat(4)}`;
    expect(messages(text, { ...BY_INDENT, 'multiline-max-bytes': '1KiB' })).toEqual([
      `a\n${line}\n${line}`,
      `${line}\n${line}`,
    ]);
  });
});

test('an object over several lines is one entry, on one line', () => {
  const text = '{\n  "a": 1.0,\n  "b": "x"\n}\n{"c":1}\n';
  expect(processed(text, { ...{ 'multiline-start': '^\\{' }, parse: 'json' })).toEqual([
    '{   "a": 1.0,   "b": "x" }',
    '{"c":1}',
  ]);
});

test('what looks like an object over several lines is shipped as it was', () => {
  expect(processed('{\n a\r\n}\n', { 'multiline-start': '^\\{' })).toEqual([
    '{"message":"{\\n a\\r\\n}","_error":"not_json"}',
  ]);
});

test('a filter sees all lines of an entry', () => {
  expect(messages('a\n secret\nb\n', { ...BY_INDENT, exclude: ['secret'] })).toEqual(['b']);
});

test('lines are held until the next entry begins, or the source is quiet', () => {
  const { shaperOf, counts } = pipelineWith(BY_INDENT);
  const shaper = shaperOf('x');
  const shape = (text: string) =>
    [...shaper.shape({ kind: 'lines', bytes: Buffer.from(text) }, 1e6)].map(({ lines, sourceBytes }) => [
      lines.bytes.toString(),
      sourceBytes,
    ]);
  expect(shape('a\n')).toEqual([]);
  expect(shape(' b\n')).toEqual([]);
  expect(shape(' c\nd\n')).toEqual([['{"message":"a\\n b\\n c"}\n', 8]]);
  expect([...shaper.flush(1e6)].map(({ sourceBytes }) => sourceBytes)).toEqual([2]);
  expect([...shaper.flush(1e6)]).toEqual([]);
  expect(counts.figures()).toEqual({ lines: 4, entries: 2, joined: 2 });
});

test('what is held goes with the piece that follows, in one run: a position inside a line is of its pieces', () => {
  const shaper = pipelineWith(BY_INDENT).shaperOf('x');
  expect([...shaper.shape({ kind: 'lines', bytes: Buffer.from('a\n b\n') }, 1e6)]).toEqual([]);
  const runs = [...shaper.shape({ kind: 'piece', bytes: Buffer.from('long'), part: 1, isLast: false }, 1e6)];
  expect(runs.map(({ lines, sourceBytes }) => [lines.bytes.toString(), lines.count, sourceBytes])).toEqual([
    ['{"message":"a\\n b"}\n{"message":"long","_part":1,"_last":false}\n', 2, 9],
  ]);
});
