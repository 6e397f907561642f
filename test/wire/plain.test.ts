import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodePlain, encodePlain } from '../../src/wire/plain.ts';
import { codeOf } from '../helpers/errors.ts';

const linesOf = (payload: string): string => decodePlain(Buffer.from(payload)).entries.bytes.toString();

describe('the text of each entry becomes a line', () => {
  test.each([
    ['an empty array', '[]', []],
    ['an empty array with white space', ' \t\r\n[ \n ]\r\n', []],
    ['one entry', '[{"a":1}]', ['{"a":1}']],
    ['an empty entry', '[{}]', ['{}']],
    ['two entries', '[{"a":1},{"b":2}]', ['{"a":1}', '{"b":2}']],
    ['entries with space around', '\n[ {"a":1} \t,\r\n {"b":2} ]', ['{"a":1}', '{"b":2}']],
    [
      'nested objects and arrays',
      '[{"a":{"b":[{"c":[]},{}]}},{"d":[[],[1,2]]}]',
      ['{"a":{"b":[{"c":[]},{}]}}', '{"d":[[],[1,2]]}'],
    ],
    ['brackets and commas in strings', '[{"a":"}],[{"},{"]":","}]', ['{"a":"}],[{"}', '{"]":","}']],
    [
      'quotes and backslashes in strings',
      '[{"a":"\\"}"},{"b":"\\\\"},{"c":"\\\\\\""}]',
      ['{"a":"\\"}"}', '{"b":"\\\\"}', '{"c":"\\\\\\""}'],
    ],
    ['escapes', '[{"a":"\\u005d\\u0000\\n\\/"}]', ['{"a":"\\u005d\\u0000\\n\\/"}']],
    ['unicode', '[{"ключ":"值 😀\u2028"}]', ['{"ключ":"值 😀\u2028"}']],
    [
      'numbers as they were sent',
      '[{"n":[1.0,1e400,12345678901234567890,-0,1E+2]}]',
      ['{"n":[1.0,1e400,12345678901234567890,-0,1E+2]}'],
    ],
    [
      'keys in their order, repeated ones too',
      '[{"b":1,"a":2,"b":3,"__proto__":4}]',
      ['{"b":1,"a":2,"b":3,"__proto__":4}'],
    ],
    ['line breaks inside an entry', '[{\n  "a": 1,\r\n  "b": 2\n}]', ['{   "a": 1,    "b": 2 }']],
  ])('%s', (_, payload, lines) => {
    const { entries, rejected } = decodePlain(Buffer.from(payload));
    expect(entries.bytes.toString()).toBe(lines.map((line) => `${line}\n`).join(''));
    expect(entries.count).toBe(lines.length);
    expect(rejected).toEqual([]);
  });
});

test('elements that are no objects are set aside as they came, and the others kept', () => {
  const payload = '[1.0, {"a":1},"x,]\\"", null ,[{"b":2}, 3] ,true,{"c":3} , -0\n]';
  const { entries, rejected } = decodePlain(Buffer.from(payload));
  expect(entries.bytes.toString()).toBe('{"a":1}\n{"c":3}\n');
  expect(entries.count).toBe(2);
  expect(rejected).toEqual(['1.0', '"x,]\\""', 'null', '[{"b":2}, 3]', 'true', '-0']);
});

describe('a payload is refused', () => {
  test.each([
    ['not_json', ''],
    ['not_json', ' '],
    ['not_json', '['],
    ['not_json', '[{"a":1}'],
    ['not_json', '[{"a":1},]'],
    ['not_json', '[{"a":1}]x'],
    ['not_json', "[{'a':1}]"],
    ['not_json', '{"a":1}\n{"b":2}'],
    ['not_json', '[{"a":"line\nbreak"}]'],
    ['not_json', '[{"a":NaN}]'],
    ['not_json', '\ufeff[]'],
    ['not_json', '\u00a0[]'],
    ['not_an_array', '{"a":1}'],
    ['not_an_array', '"[]"'],
    ['not_an_array', 'null'],
    ['not_an_array', '7'],
  ])('as %s when it is %j', async (code, payload) => {
    expect(await codeOf(() => decodePlain(Buffer.from(payload)))).toBe(code);
  });

  test.each(['5b7b2261223a22ff227d5d', '5b7b2261223a22eda080227d5d', '5b7b2261223a22c0af227d5d', '5b22c3'])(
    'as not_utf8 when its bytes are %s',
    async (bytes) => {
      expect(await codeOf(() => decodePlain(Buffer.from(bytes, 'hex')))).toBe('not_utf8');
    },
  );

  test('with a message that does not hold all of it', () => {
    expect(() => decodePlain(Buffer.from(`[${'x'.repeat(100_000)}]`))).toThrow(/^.{1,300}$/);
  });
});

describe('100,000 brackets deep', () => {
  const deep = (open: string, close: string): string => open.repeat(100_000) + close.repeat(100_000);

  test('an array is set aside', () => {
    const { entries, rejected } = decodePlain(Buffer.from(`[${deep('[', ']')},{"a":1}]`));
    expect(rejected).toEqual([deep('[', ']')]);
    expect(entries.count).toBe(1);
  });

  test('an entry is kept', () => {
    const entry = `{"a":${deep('[', ']')}}`;
    expect(linesOf(`[${entry}]`)).toBe(`${entry}\n`);
  });

  test.each(['[', '{"a":'])('what never closes is refused: %s', async (open) => {
    expect(await codeOf(() => decodePlain(Buffer.from(open.repeat(100_000))))).toBe('not_json');
  });
});

/** Elements and the white space to print them with, as JSON allows it. */
const array = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()) },
    fc.jsonValue(),
  ),
);
const indent = fc.constantFrom('', ' ', '   ', '\t', '\n', '\r\n', ' \n\t');

test('each line, parsed, is its element, however the array is laid out', () => {
  const isObject = (value: unknown): boolean =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  fc.assert(
    fc.property(array, indent, indent, (elements, space, around) => {
      const payload = around + JSON.stringify(elements, null, space) + around;
      const { entries, rejected } = decodePlain(Buffer.from(payload));
      const sent = JSON.parse(payload) as unknown[];
      const lines = entries.bytes.toString().split('\n').slice(0, -1);
      expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(sent.filter(isObject));
      expect(rejected.map((text) => JSON.parse(text) as unknown)).toEqual(
        sent.filter((value) => !isObject(value)),
      );
      expect(entries.count).toBe(lines.length);
    }),
    { numRuns: 1000 },
  );
});

test('a payload changed anywhere is split, or refused with a WireError', () => {
  const valid = Buffer.from('[{"a":"\\"x"},[1,{"b":null}], {"ü":[]} ,7]');
  fc.assert(
    fc.property(fc.nat(valid.length - 1), fc.integer({ min: 0, max: 255 }), (at, byte) => {
      const changed = Buffer.from(valid);
      changed[at] = byte;
      let outcome: unknown;
      try {
        const { entries, rejected } = decodePlain(changed);
        outcome = entries.count + rejected.length;
      } catch (error) {
        outcome = (error as Error).name;
      }
      expect([1, 2, 3, 4, 5, 'WireError']).toContain(outcome);
    }),
    { numRuns: 2000 },
  );
});

describe('lines become an array', () => {
  test.each([
    ['no lines', '', '[]'],
    ['one line', '{"a":1}\n', '[{"a":1}]'],
    ['three lines', '{"a":1}\n{"b":2}\n{}\n', '[{"a":1},{"b":2},{}]'],
    ['lines that end as Windows ends them', '{"a":1}\r\n{"b":2}\r\n', '[{"a":1}\r,{"b":2}\r]'],
  ])('%s', (_, lines, payload) => {
    expect(encodePlain(Buffer.from(lines)).toString()).toBe(payload);
    expect(JSON.parse(payload)).toBeInstanceOf(Array);
  });

  test('and lines again, the same', () => {
    fc.assert(
      fc.property(fc.array(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue())), (entries) => {
        const lines = entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
        expect(linesOf(encodePlain(Buffer.from(lines)).toString())).toBe(lines);
      }),
    );
  });
});
