/** JSON as peers may print it, and as it may be broken. */
import fc from 'fast-check';

/** White space where JSON allows it. */
export const indents = fc.constantFrom('', ' ', '   ', '\t', '\n', '\r\n', ' \n\t');

const values = fc.oneof(
  fc.jsonValue({ maxDepth: 4 }),
  fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue({ maxDepth: 2 })),
  fc.constantFrom('\u2028', '\ud800', '"\\', '\0\n', 1e-300, -0.5e21, 12345678),
);

export const jsonTexts = fc
  .tuple(values, indents, indents)
  .map(([value, indent, around]) => around + JSON.stringify(value, null, indent) + around);

/** Bytes that mean something to JSON, or may not stand in it. */
const pieces = fc.oneof(
  fc.constantFrom(...'{}[],:"\\/-+.eE0123456789tfnu \t\n\r\0\x1f\x7f'.split('')),
  fc.constantFrom(
    '\\u',
    '\\ud8',
    '\ufeff',
    'null',
    'true',
    'false',
    'NaN',
    '//',
    '""',
    '{}',
    '[]',
    '1e5',
    '-0',
    '01',
  ),
);

/** Bytes changed, cut out, put in or said twice; sometimes nothing of it. Always valid UTF-8. */
export const mutated = (texts: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .tuple(texts, fc.array(fc.tuple(fc.nat(), fc.nat({ max: 3 }), pieces), { maxLength: 3 }))
    .map(([text, changes]) => {
      for (const [place, cut, piece] of changes) {
        const at = place % (text.length + 1);
        text = text.slice(0, at) + (cut === 3 ? '' : piece) + text.slice(at + cut);
      }
      return Buffer.from(text).toString('utf8');
    });
