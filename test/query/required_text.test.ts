import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { linearRegex } from '../../src/base/linear_regex.ts';
import { requiredText } from '../../src/query/required_text.ts';

describe('what must stand in a text for a pattern to match', () => {
  test.each([
    ['declined', ['declined'], true],
    ['cat|dog', ['cat', 'dog'], true],
    [String.raw`10\.0\.0\.1`, ['10.0.0.1'], true],
    ['payment .* declined', [' declined'], false],
    ['^start', ['start'], false],
    ['ab+cd?ef', ['ab'], false],
    ['(one|two) three', [' three'], false],
    ['x[0-9]+yz', ['yz'], false],
    [String.raw`\d+ms`, ['ms'], false],
    ['a{2}bcd', ['bcd'], false],
    ['"level":{"x|y', undefined, false],
    ['a{b|c}', undefined, false],
    ['abc|d.f', undefined, false],
    ['a?b*', undefined, false],
    ['[abc]', undefined, false],
    ['(?s)abc', undefined, false],
    [String.raw`\Qabc\E`, undefined, false],
    ['日本語.*', ['日本語'], false],
    ['[^]]foo', undefined, false],
    ['[]]foo', undefined, false],
    ['[^a]foo', ['foo'], false],
  ])('%s', (pattern, pieces, isAll) => {
    expect(requiredText(pattern)).toEqual(pieces && { pieces, isAll, isCaseless: false });
  });

  test('is of any case where the pattern says so', () => {
    expect(requiredText('(?i)Declined|refused')).toEqual({
      pieces: ['Declined', 'refused'],
      isAll: true,
      isCaseless: true,
    });
  });

  test('is not plain where a letter has capitals of other bytes', () => {
    expect(requiredText('(?i)café|refused')).toBeUndefined();
    expect(requiredText('(?i)payment .* STRAßE')).toBeUndefined();
  });
});

const PART = fc.constantFrom(
  ...[
    'a',
    'b',
    'ab',
    '.',
    'a*',
    'b+',
    'a?',
    'b{2}',
    'a{0}',
    'c{1,}',
    '[ab]',
    '[^a]',
    '(ab|c)',
    '(a)?',
    '|',
    '[^]a]',
    '[]a]',
  ],
  ...[
    '^',
    '$',
    String.raw`\.`,
    String.raw`\d`,
    '(?:bc)+',
    '{',
    '}',
    '{x',
    '-',
    'é',
    '1',
    '[a\\]b]',
    '(?i:c)',
  ],
);
const TEXT = fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'A', '.', '1', '{', '}', '|', 'é', ']', 'x') });

test('a text that matches has it, whatever the pattern', () => {
  fc.assert(
    fc.property(
      fc.array(PART, { minLength: 1, maxLength: 8 }),
      fc.boolean(),
      TEXT,
      (parts, isCaseless, text) => {
        const pattern = `${isCaseless ? '(?i)' : ''}${parts.join('')}`;
        let matches: boolean;
        try {
          matches = linearRegex(pattern).test(text);
        } catch {
          return;
        }
        const required = requiredText(pattern);
        if (required === undefined) return;
        const fold = (some: string): string => (required.isCaseless ? some.toLowerCase() : some);
        const has = required.pieces.some((piece) => fold(text).includes(fold(piece)));
        expect(has || !matches, `${pattern} on ${text}`).toBe(true);
        if (required.isAll) expect(matches, `${pattern} on ${text}`).toBe(has);
      },
    ),
    { numRuns: 3000 },
  );
});
