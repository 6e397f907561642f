import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LineCutter, type Cut } from '../../src/base/lines.ts';

const MAX = 8;

/** What a cutter makes of these chunks, and of the end. */
function cuts(chunks: readonly (string | Buffer)[], maxLineBytes = MAX, parts?: number): Cut[] {
  const cutter = new LineCutter(maxLineBytes, parts);
  return [...chunks.flatMap((chunk) => [...cutter.push(Buffer.from(chunk))]), ...cutter.end()];
}

/** Cuts as text: lines as they are, a piece as `[number:text]`, the last of its line with a `!`. */
const shown = (all: readonly Cut[]): string[] =>
  all.map((cut) =>
    cut.kind === 'lines'
      ? cut.bytes.toString()
      : `[${cut.part}${cut.isLast ? '!' : ''}:${cut.bytes.toString()}]`,
  );

describe('bytes are cut into runs of whole lines', () => {
  test.each([
    ['nothing', [''], []],
    ['one line', ['a\n'], ['a\n']],
    ['lines of one chunk together', ['a\nb\n\nc\n'], ['a\nb\n\nc\n']],
    ['a line that comes in pieces', ['a', 'b', 'c\nd', '\n'], ['abc\n', 'd\n']],
    ['a last line without its newline', ['a\nb'], ['a\n', 'b\n']],
    ['a line of the limit', ['12345678\n'], ['12345678\n']],
    ['a line of the limit at the end of input', ['12345678'], ['12345678\n']],
  ])('%s', (_, chunks, expected) => {
    expect(shown(cuts(chunks))).toEqual(expected);
  });
});

describe('a line over the limit is cut into pieces', () => {
  test.each([
    ['one byte over', ['123456789\n'], ['[1:12345678]', '[2!:9]']],
    ['twice the limit', ['12345678ABCDEFGH\n'], ['[1:12345678]', '[2!:ABCDEFGH]']],
    ['between other lines', ['a\n123456789\nb\nc\n'], ['a\n', '[1:12345678]', '[2!:9]', 'b\nc\n']],
    ['byte by byte', Array.from('123456789\nb\n'), ['[1:12345678]', '[2!:9]', 'b\n']],
    ['at the end of input', ['123456789'], ['[1:12345678]', '[2!:9]']],
    ['two of them', ['123456789\n123456789\n'], ['[1:12345678]', '[2!:9]', '[1:12345678]', '[2!:9]']],
    ['never through a character', ['1234567ä9\n'], ['[1:1234567]', '[2!:ä9]']],
    ['never through a character of four bytes', ['12345😀9\n'], ['[1:12345]', '[2!:😀9]']],
  ])('%s', (_, chunks, expected) => {
    expect(shown(cuts(chunks))).toEqual(expected);
  });

  test('going on after the pieces that are done', () => {
    expect(shown(cuts(['9abc\nb\n'], MAX, 2))).toEqual(['[3!:9abc]', 'b\n']);
  });

  test('going on where only the newline is left', () => {
    expect(shown(cuts(['\nb\n'], MAX, 2))).toEqual(['[3!:]', 'b\n']);
  });
});

const stream = fc
  .array(fc.constantFrom('a', 'ä', '😀', '\n', '12345678', 'x\n'), { maxLength: 60 })
  .map((parts) => Buffer.from(parts.join('')));

test('the pieces and where lines end do not depend on how the bytes came', () => {
  const joined = (all: readonly Cut[]): string => shown(all).join('');
  fc.assert(
    fc.property(
      stream,
      fc.integer({ min: 4, max: 20 }),
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
      (bytes, max, sizes) => {
        const chunks: Buffer[] = [];
        for (let at = 0; at < bytes.length; at += chunks.at(-1)?.length ?? 0)
          chunks.push(bytes.subarray(at, at + (sizes[chunks.length % sizes.length] ?? 1)));
        expect(joined(cuts(chunks, max))).toBe(joined(cuts([bytes], max)));
      },
    ),
  );
});

test('put together, the cuts are the bytes again, and none is longer than the limit', () => {
  fc.assert(
    fc.property(stream, fc.integer({ min: 4, max: 20 }), (bytes, max) => {
      const all = cuts([bytes], max);
      const again = all
        .map((cut) => cut.bytes.toString() + (cut.kind === 'piece' && cut.isLast ? '\n' : ''))
        .join('');
      const text = bytes.toString();
      expect(again).toBe(text === '' || text.endsWith('\n') ? text : `${text}\n`);
      for (const { kind, bytes: cut } of all) {
        const longest =
          kind === 'piece'
            ? cut.length
            : Math.max(
                ...cut
                  .toString()
                  .split('\n')
                  .map((line) => Buffer.byteLength(line)),
              );
        expect(longest).toBeLessThanOrEqual(max);
      }
    }),
  );
});

test('bytes that are not UTF-8 are cut at the limit', () => {
  const all = cuts([Buffer.alloc(20, 0x80)], MAX);
  expect(all.map(({ bytes }) => bytes.length)).toEqual([8, 8, 4]);
});
