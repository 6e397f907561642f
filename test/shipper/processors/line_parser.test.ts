import { describe, expect, test } from 'vitest';
import { entriesFrom, processed } from '../../helpers/processing.ts';

describe('with parse=regex', () => {
  const flags = { parse: 'regex', 'parse-pattern': '^(?P<code>\\d+) (?P<text>.*)$' };

  test('named groups become fields', () => {
    expect(entriesFrom('404 not there\n', flags)).toEqual([{ code: '404', text: 'not there' }]);
  });

  test('another line is shipped as it is', () => {
    expect(entriesFrom('what?\n', flags)).toEqual([{ message: 'what?', _error: 'not_matched' }]);
  });
});

describe('with parse=json', () => {
  test.each([
    ['{"a":1}', '{"a":1}'],
    ['  {"a" : 1.0}  ', '  {"a" : 1.0}  '],
    ['{"n":12345678901234567890}', '{"n":12345678901234567890}'],
    ['{a:1}', '{"message":"{a:1}","_error":"not_json"}'],
    ['[1]', '{"message":"[1]","_error":"not_json"}'],
    ['{"a":1} x', '{"message":"{\\"a\\":1} x","_error":"not_json"}'],
    ['{"a":1', '{"message":"{\\"a\\":1","_error":"not_json"}'],
    ['{"a":\r1 x', '{"message":"{\\"a\\":\\r1 x","_error":"not_json"}'],
  ])('%s', (line, entry) => {
    expect(processed(`${line}\n`, { parse: 'json' })).toEqual([entry]);
  });
});

test('a line that is not UTF-8 brings its bytes along, in every format', () => {
  for (const parse of ['auto', 'json', 'csv', 'logfmt', 'common', 'combined', 'syslog']) {
    const entries = entriesFrom(Buffer.from([0x61, 0xff, 0x0a]), { parse, tag: ['auth'] });
    expect(entries).toEqual([{ message: 'a\uFFFD', _error: 'not_utf8', _base64: 'Yf8=' }]);
  }
});

test('a text of more than 256 KiB is not parsed', () => {
  const long = `a=${'x'.repeat(256 * 1024)}`;
  expect(entriesFrom(`${long}\na=1\n`, { parse: 'logfmt' })).toEqual([
    { message: long, _error: 'too_long' },
    { a: '1' },
  ]);
});
