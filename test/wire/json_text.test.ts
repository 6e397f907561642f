/** JSON.parse is the judge: of valid UTF-8 the same is taken, and the same refused. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expectEnd, tokenAt, valueEnd } from '../../src/wire/json_text.ts';
import { REFUSED, TAKEN } from '../helpers/json_cases.ts';
import { jsonTexts, mutated } from '../helpers/json_texts.ts';

/** Looks over a whole text, as JSON.parse does. */
function check(text: string | Buffer, maxDepth = Infinity): void {
  const bytes = Buffer.from(text);
  expectEnd(bytes, valueEnd(bytes, tokenAt(bytes, 0), maxDepth));
}

/** `taken`, or the code of what is thrown; JSON.parse has but one. */
function verdictOf(work: () => unknown): unknown {
  try {
    work();
    return 'taken';
  } catch (error) {
    return error instanceof SyntaxError ? 'not_json' : ((error as { code?: unknown }).code ?? error);
  }
}

const judge = (text: string): unknown => verdictOf(() => JSON.parse(text) as unknown);

test.each(TAKEN)('%j is taken', (text) => {
  expect(judge(text)).toBe('taken');
  expect(verdictOf(() => check(text))).toBe('taken');
});

test.each(REFUSED)('%j is refused', (text) => {
  expect(judge(text)).toBe('not_json');
  expect(verdictOf(() => check(text))).toBe('not_json');
});

test('what a text begins with, cut anywhere, is taken where JSON.parse takes it', () => {
  const text = ' {"a\\u00e9\\"":[-1.25e+3,true,null,{"b":""}],"c":false,"d":{"é😀":[[]]}} ';
  const bytes = Buffer.from(text);
  for (let end = 0; end <= bytes.length; end += 1) {
    const cut = bytes.subarray(0, end);
    expect(
      verdictOf(() => check(cut)),
      cut.toString(),
    ).toBe(judge(cut.toString()));
  }
});

test('texts, and texts changed anywhere, are taken where JSON.parse takes them', () => {
  let refused = 0;
  fc.assert(
    fc.property(mutated(jsonTexts), (text) => {
      const verdict = judge(text);
      if (verdict !== 'taken') refused += 1;
      expect(verdictOf(() => check(text))).toBe(verdict);
    }),
    { numRuns: 5000 },
  );
  expect(refused).toBeGreaterThan(500);
});

test('the value ends where the next token may begin, and none is read from behind the end', () => {
  for (const value of TAKEN.map((text) => text.trim())) {
    for (const behind of ['', ' ', ',', ']', '}', ' 7']) {
      const bytes = Buffer.from(value + behind);
      expect(valueEnd(bytes, 0, Infinity), value + behind).toBe(Buffer.byteLength(value));
    }
  }
});

test('line breaks between tokens become spaces, and nothing else changes', () => {
  const bytes = Buffer.from('{\r\n"a\\n":\n[ 1,\t2\r]\n,"b":"\u2028"}');
  valueEnd(bytes, 0, Infinity);
  expect(bytes.toString()).toBe('{  "a\\n": [ 1,\t2 ] ,"b":"\u2028"}');
});

describe('depth', () => {
  test.each([
    ['"[[["', 0],
    ['[]', 1],
    ['[{},[],{}]', 2],
    ['{"a":[{"b":[]},1],"c":{}}', 4],
    ['['.repeat(3000) + ']'.repeat(3000), 3000],
    ['{"a":'.repeat(3000) + '1' + '}'.repeat(3000), 3000],
    [`[${'[[[]]],'.repeat(1000)}1]`, 4],
  ])('%.30s may be as deep as it is, and no deeper', (text, depth) => {
    expect(() => check(text, depth)).not.toThrow();
    if (depth > 0) expect(verdictOf(() => check(text, depth - 1))).toBe('too_deep');
  });

  test('brackets and braces, thousands deep, must close as they opened', () => {
    const opening = Array.from({ length: 5000 }, (_, n) => (n % 3 === 0 ? '[' : '{"a":'));
    const closing = opening.map((open) => (open === '[' ? ']' : '}')).reverse();
    expect(() => check(`${opening.join('')}1${closing.join('')}`)).not.toThrow();
    closing[2500] = closing[2500] === ']' ? '}' : ']';
    expect(verdictOf(() => check(`${opening.join('')}1${closing.join('')}`))).toBe('not_json');
  });
});

test.each([
  ['[1,]', 'unexpected "]" at byte 3'],
  ['[1', 'unexpected end at byte 2'],
  ['"é\n"', 'unexpected "\\n\\"" at byte 3'],
])('%j: the error says where, and shows what is there', (text, said) => {
  expect(() => check(text)).toThrow(said);
});
