import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { parseCombined, parseCommon } from '../../../src/shipper/processors/parse_access_log.ts';
import { entriesFrom } from '../../helpers/processing.ts';

const START = '127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700]';
const REQUEST = '"GET /apache_pb.gif HTTP/1.0" 200 2326';
const FIELDS = {
  timestamp: '2000-10-10T13:55:36-07:00',
  remote_addr: '127.0.0.1',
  user: 'frank',
  method: 'GET',
  path: '/apache_pb.gif',
  protocol: 'HTTP/1.0',
  status: 200,
  bytes: 2326,
};

const objectOf = (fields: ReadonlyMap<string, unknown> | undefined): unknown =>
  fields === undefined ? undefined : Object.fromEntries(fields);

describe('the common log format', () => {
  test.each([
    ['as Apache documents it', `${START} ${REQUEST}`, FIELDS],
    [
      'a user with a space in the name',
      `h id frank n [10/Oct/2000:13:55:36 -0700] ${REQUEST}`,
      { ...FIELDS, remote_addr: 'h', identity: 'id', user: 'frank n' },
    ],
    ['a second more than it has', `${START} ${REQUEST} "x"`, undefined],
    ['no request', `${START} 200 5`, undefined],
    ['a status that is none', `${START} "GET / HTTP/1.1" OK 5`, undefined],
    ['a month that is none', `h - - [10/Okt/2000:13:55:36 -0700] ${REQUEST}`, undefined],
    ['an hour that is none', `h - - [10/Oct/2000:33:55:36 -0700] ${REQUEST}`, undefined],
    ['nothing', '', undefined],
  ])('%s', (_, line, fields) => {
    expect(objectOf(parseCommon(line))).toEqual(fields);
  });
});

describe('the combined log format', () => {
  test.each([
    [
      'as Apache documents it',
      `${START} ${REQUEST} "http://www.example.com/start.html" "Mozilla/4.08 [en] (Win98; I ;Nav)"`,
      {
        ...FIELDS,
        referer: 'http://www.example.com/start.html',
        user_agent: 'Mozilla/4.08 [en] (Win98; I ;Nav)',
      },
    ],
    ['dashes for nothing', `${START} ${REQUEST} "-" "-"`, FIELDS],
    ['quotes in the agent', `${START} ${REQUEST} "-" "a \\"b\\""`, { ...FIELDS, user_agent: 'a "b"' }],
    [
      'more behind it',
      `${START} ${REQUEST} "-" "x" 0.002 up`,
      { ...FIELDS, user_agent: 'x', rest: '0.002 up' },
    ],
    ['a quote that is not closed', `${START} ${REQUEST} "-" "x`, undefined],
    ['only the common part', `${START} ${REQUEST}`, undefined],
  ])('%s', (_, line, fields) => {
    expect(objectOf(parseCombined(line))).toEqual(fields);
  });
});

describe('an access log of a web server', () => {
  test('has its malformed lines shipped as they are, counted exactly', async () => {
    const sample = await readFile(new URL('../../samples/access.log', import.meta.url), 'utf8');
    const entries = entriesFrom(sample, { parse: 'combined' }) as Record<string, unknown>[];
    const lines = sample.trimEnd().split('\n');
    expect(entries).toHaveLength(lines.length);
    const malformed = entries.flatMap(({ _error }, index) => (_error === 'not_combined' ? [index + 1] : []));
    expect(malformed).toEqual([7, 11, 12]);
    for (const number of malformed) expect(entries[number - 1]?.message).toBe(lines[number - 1]);
    expect(entries.filter(({ status }) => status === 200)).toHaveLength(5);
    expect(entries[7]).toMatchObject({ method: 'POST', path: '/checkout', status: 500, rest: 'rt=0.412' });
    expect(entries[8]).toMatchObject({ request: '\\x16\\x03\\x01', status: 400 });
  });
});
