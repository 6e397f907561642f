import { describe, expect, test } from 'vitest';
import { entryLines, pieceOfLine } from '../../src/shipper/entry_lines.ts';

const textOf = (bytes: Buffer | string): string => entryLines(Buffer.from(bytes)).bytes.toString();

describe('lines that are entries go through as their bytes', () => {
  test.each([
    ['one', '{"a":1}\n', 1],
    ['two', '{"a":1}\n{"b":2}\n', 2],
    ['an empty one', '{}\n', 1],
    ['CRLF', '{"a":1}\r\n{"b":2}\r\n', 2],
    ['space around', '{"a":1} \t\n', 1],
    ['what only looks like JSON', '{not json}\n', 1],
    ['unicode', '{"ключ":"😀"}\n', 1],
    ['nothing', '', 0],
  ])('%s', (_, text, count) => {
    const bytes = Buffer.from(text);
    const lines = entryLines(bytes);
    expect(lines.bytes.toString()).toBe(text);
    expect(lines.count).toBe(count);
  });

  test('not copied', () => {
    const bytes = Buffer.from('{"a":1}\n{"b":2}\n');
    expect(entryLines(bytes).bytes).toBe(bytes);
  });
});

test('Filebeat #1349, Fluent Bit #3256: a byte order mark is no part of a line', () => {
  expect(textOf('\uFEFF{"a":1}\n{"b":2}\n')).toBe('{"a":1}\n{"b":2}\n');
  expect(textOf('\uFEFFtext\n\uFEFF\n')).toBe('{"message":"text"}\n');
});

describe('other lines', () => {
  test.each([
    ['text becomes a message', 'hello\n', '{"message":"hello"}\n'],
    ['text with quotes, tabs and backslashes', 'a "b"\t\\c\n', '{"message":"a \\"b\\"\\t\\\\c"}\n'],
    ['text with CRLF loses the CR', 'hello\r\n', '{"message":"hello"}\n'],
    ['text keeps its spaces', '  hello \n', '{"message":"  hello "}\n'],
    ['an array', '[1]\n', '{"message":"[1]"}\n'],
    ['a brace alone', '{\n', '{"message":"{"}\n'],
    ['a closing brace alone', '}\n', '{"message":"}"}\n'],
    ['braces the wrong way round', '}{\n', '{"message":"}{"}\n'],
    ['an object cut short', '{"a":1\n', '{"message":"{\\"a\\":1"}\n'],
    ['an object with space before', ' {"a":1}\n', ' {"a":1}\n'],
    ['blank lines are dropped', '\n \t\r\n{"a":1}\n\n', '{"a":1}\n'],
    ['a mixture keeps its order', '{"a":1}\ntext\n\n{"b":2}\n', '{"a":1}\n{"message":"text"}\n{"b":2}\n'],
    ['a control character', 'a\u0000b\u001b[0m\n', '{"message":"a\\u0000b\\u001b[0m"}\n'],
  ])('%s', (_, text, expected) => {
    const { bytes, count } = entryLines(Buffer.from(text));
    expect(bytes.toString()).toBe(expected);
    expect(count).toBe(expected.split('\n').length - 1);
  });

  test.each([
    ['text', [0x61, 0xff, 0x62]],
    ['an object', [0x7b, 0xff, 0x7d]],
    ['a character cut short', [0xf0, 0x9f, 0x98]],
  ])('%s that is not UTF-8 brings its bytes along', (_, bytes) => {
    const line = Buffer.from(bytes);
    const [first, second] = textOf(Buffer.concat([line, Buffer.from('\n{"good":1}\n')])).split('\n');
    expect(JSON.parse(first ?? '')).toEqual({
      ...{ message: line.toString('utf8'), _error: 'not_utf8' },
      _base64: line.toString('base64'),
    });
    expect(second).toBe('{"good":1}');
  });
});

describe('a piece of a long line', () => {
  test.each([
    [1, false],
    [7, true],
  ])('says that it is piece %i, and whether it is the last: %s', (part, isLast) => {
    const { bytes, count } = pieceOfLine(Buffer.from('{"half'), part, isLast);
    expect(count).toBe(1);
    expect(bytes.at(-1)).toBe(0x0a);
    expect(JSON.parse(bytes.toString())).toEqual({ message: '{"half', _part: part, _last: isLast });
  });
});
