import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { csvOf, defused, quoted } from '../../src/outputs/csv.ts';
import { rowsFrom } from '../helpers/rows.ts';

test.each([
  ['', ''],
  ['plain', 'plain'],
  ['a b', 'a b'],
  ['a,b', '"a,b"'],
  ['say "hi"', '"say ""hi"""'],
  ['a\nb', '"a\nb"'],
  ['a\r\nb', '"a\r\nb"'],
  ["it's", "it's"],
  ['ü;\t', 'ü;\t'],
])('%j is written %s', (text, field) => {
  expect(quoted(text)).toBe(field);
});

test.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '\n=1', '＝1', '＋1', '－1', '＠1'])(
  'what a spreadsheet would take for a formula gets a quote before it: %j',
  (text) => {
    expect(defused(text)).toBe(`'${text}`);
  },
);

test.each(['', 'a=1', '1-1', ' =1', '{"a":1}', '[1]', "'=1", '2026-01-31'])('%j stays', (text) => {
  expect(defused(text)).toBe(text);
});

/** CSV as RFC 4180 has it, read character by character. */
function parse(csv: string): string[][] {
  const records: string[][] = [];
  let fields: string[] = [];
  for (let at = 0; at < csv.length;) {
    let field = '';
    if (csv[at] === '"') {
      for (at += 1; csv[at] !== '"' || csv[at + 1] === '"'; at += 1) {
        if (csv[at] === '"') at += 1;
        field += csv[at] ?? '';
      }
      at += 1;
    } else for (; csv[at] !== ',' && !csv.startsWith('\r\n', at); at += 1) field += csv[at] ?? '';
    fields.push(field);
    if (csv[at] === ',') at += 1;
    else {
      expect(csv.slice(at, at + 2)).toBe('\r\n');
      at += 2;
      records.push(fields);
      fields = [];
    }
  }
  return records;
}

describe('records', () => {
  test('have a field a column', () => {
    const rows = rowsFrom([
      {
        time: '2026-01-01T00:00:00.000Z',
        level: 'info',
        service: 'api',
        host: 'h',
        message: 'a "b", c',
        tags: ['x', 'y'],
        n: 1,
      },
      {},
    ]);
    expect(csvOf(rows, quoted)).toBe(
      '2026-01-01T00:00:00.000Z,INFO,api,h,"a ""b"", c","[""x"",""y""]","{""n"":1}",web-1\r\n' +
        '2026-01-31T12:00:00.000Z,,,,,,{},web-1\r\n',
    );
  });

  test('come back from any reader as they were, whatever is in them', () => {
    const text = fc.string({ unit: fc.constantFrom('"', ',', '\r', '\n', '=', "'", 'a', 'ü', '\\', ' ') });
    const entry = fc.record({ message: text, service: text, host: text, tags: fc.array(text), extra: text });
    fc.assert(
      fc.property(fc.array(entry), (entries) => {
        const records = parse(csvOf(rowsFrom(entries), quoted));
        const expected = entries.map(({ message, service, host, tags, extra }) => [
          service,
          host,
          message,
          JSON.stringify(tags),
          JSON.stringify({ extra }),
        ]);
        expect(records.map((fields) => fields.slice(2, 7))).toEqual(expected);
        expect(records.every((fields) => fields.length === 8)).toBe(true);
      }),
    );
  });

  test('defused, no field begins a formula, also that of plain peers', () => {
    const rows = rowsFrom(
      [{ message: '=cmd|x', service: '+1', host: '@h', level: '-1', tags: ['=1'] }],
      '@plain',
    );
    const [record = []] = parse(csvOf(rows, (text) => quoted(defused(text))));
    for (const field of record) expect(field).not.toMatch(/^[=+\-@]/);
  });
});
