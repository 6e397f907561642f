import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodePlain, encodePlain, type Texts } from '../../src/wire/plain.ts';
import { codeOf } from '../helpers/errors.ts';
import { indents, jsonTexts, mutated } from '../helpers/json_texts.ts';

const linesOf = (payload: string): string => decodePlain(Buffer.from(payload)).entries.bytes.toString();

/** The texts, each ended by a newline, and as many as they say. */
function textsOf({ bytes, count }: Texts): string[] {
  const texts = bytes.toString().split('\n');
  expect(texts.pop()).toBe('');
  expect(texts).toHaveLength(count);
  return texts;
}

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
    expect(rejected.count).toBe(0);
  });
});

test('elements that are no objects are set aside as they came, and the others kept', () => {
  const payload = '[1.0, {"a":1},"x,]\\"", null ,[{"b":2}, 3] ,true,{"c":3} , -0\n]';
  const { entries, rejected } = decodePlain(Buffer.from(payload));
  expect(entries.bytes.toString()).toBe('{"a":1}\n{"c":3}\n');
  expect(entries.count).toBe(2);
  expect(textsOf(rejected)).toEqual(['1.0', '"x,]\\""', 'null', '[{"b":2}, 3]', 'true', '-0']);
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
    expect(textsOf(rejected)).toEqual([deep('[', ']')]);
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

test('an entry of so many bytes is kept, a longer one set aside', () => {
  const payload = '[{"a":12} ,\n{"b":123}, "c",{"d":1234},{}]';
  const { entries, rejected, tooLarge } = decodePlain(Buffer.from(payload), {
    maxEntryBytes: 9,
    maxDepth: 2,
  });
  expect(textsOf(entries)).toEqual(['{"a":12}', '{"b":123}', '{}']);
  expect(textsOf(rejected)).toEqual(['"c"']);
  expect(textsOf(tooLarge)).toEqual(['{"d":1234}']);
});

test.each([
  ['too_deep', '[[{}]]'],
  ['too_deep', '{"a":{"b":{}}}'],
  ['too_deep', '[1,{"a":[[]]},'],
  ['not_json', '[1,},[[[]]]]'],
  ['no error', '[[],{},"[[["]'],
])('%s at two levels: %s', async (code, payload) => {
  const limits = { maxEntryBytes: 100, maxDepth: 2 };
  expect(await codeOf(() => decodePlain(Buffer.from(payload), limits))).toBe(code);
});

const isObject = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What JSON.parse makes of a payload; the code it is refused with where that is no array. */
function parsed(payload: string): unknown[] | string {
  try {
    const value: unknown = JSON.parse(payload);
    return Array.isArray(value) ? value : 'not_an_array';
  } catch {
    return 'not_json';
  }
}

/** Holds what is made of a payload to what JSON.parse makes of it; true where it is an array. */
function compare(payload: string): boolean {
  const elements = parsed(payload);
  if (typeof elements === 'string') {
    const refusal = expect.objectContaining({ code: elements }) as Error;
    expect(() => decodePlain(Buffer.from(payload))).toThrow(refusal);
    return false;
  }
  const { entries, rejected } = decodePlain(Buffer.from(payload));
  const valuesOf = (texts: Texts): unknown[] => textsOf(texts).map((text) => JSON.parse(text) as unknown);
  expect(valuesOf(entries)).toEqual(elements.filter(isObject));
  expect(valuesOf(rejected)).toEqual(elements.filter((value) => !isObject(value)));
  expect([...textsOf(entries), ...textsOf(rejected)].every((text) => text === text.trim())).toBe(true);
  return true;
}

test('each line, parsed, is its element, however the array is laid out', () => {
  const elements = fc.array(fc.tuple(indents, jsonTexts, indents).map((parts) => parts.join('')));
  fc.assert(
    fc.property(elements, indents, (texts, around) => {
      expect(compare(`${around}[${texts.join()}]${around}`)).toBe(true);
    }),
    { numRuns: 1000 },
  );
});

test('a payload changed anywhere is split, or refused, as JSON.parse would', () => {
  const objects = fc.array(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 1 })), { maxLength: 4 });
  const payloads = fc
    .tuple(objects, indents)
    .map(([entries, indent]) => JSON.stringify(entries, null, indent));
  let split = 0;
  fc.assert(
    fc.property(mutated(payloads), (payload) => {
      if (compare(payload)) split += 1;
    }),
    { numRuns: 3000 },
  );
  expect(split).toBeGreaterThan(300);
});

test('a payload with any byte changed is split, or refused with a WireError', () => {
  const valid = Buffer.from('[{"a":"\\"x"},[1,{"b":null}], {"ü":[]} ,7]');
  fc.assert(
    fc.property(fc.nat(valid.length - 1), fc.integer({ min: 0, max: 255 }), (at, byte) => {
      const changed = Buffer.from(valid);
      changed[at] = byte;
      let outcome: unknown;
      try {
        const { entries, rejected } = decodePlain(changed);
        outcome = entries.count + rejected.count;
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
