import { describe, expect, test } from 'vitest';
import { parseQuery, type QueryOptions } from '../../src/query/query.ts';

const NOW = Date.UTC(2026, 0, 31, 12);
const MINUTE = 60_000;

describe('a time is', () => {
  test.each([
    ['15m', NOW - 15 * MINUTE],
    ['2h', NOW - 120 * MINUTE],
    ['3d', NOW - 3 * 24 * 60 * MINUTE],
    ['2026-01-31', Date.UTC(2026, 0, 31)],
    ['2026-01-31T11:00:00Z', NOW - 60 * MINUTE],
    ['2026-01-31T11:00', NOW - 60 * MINUTE],
    ['2026-01-31 11:00:00.250', NOW - 60 * MINUTE + 250],
    ['2026-01-31T12:00:00+01:00', NOW - 60 * MINUTE],
    ['1769857200', NOW - 60 * MINUTE],
    ['1769857200.5', NOW - 60 * MINUTE + 500],
    ['1769857200000', NOW - 60 * MINUTE],
  ])('%s', (text, sinceMs) => {
    expect(parseQuery({ since: text }, NOW)).toMatchObject({ sinceMs });
  });

  test.each(['yesterday', '', '15 m', '-15m', '12:00', '2026-13-01', '17698572', '1e9'])('not %j', (text) => {
    expect(() => parseQuery({ until: text }, NOW)).toThrow(
      `--until is ${JSON.stringify(text)}: expected how long ago (30s, 15m, 2h, 3d), ISO 8601`,
    );
  });
});

test('what is asked for is all said', () => {
  expect(
    parseQuery(
      {
        ...{ level: 'warn+,notice', service: ['pay*', 'auth'], tag: 'slow', shipper: 'web-1' },
        ...{ field: ['user_id=42', 'user.name=a=b'], grep: 'time.?out', ignoreCase: true },
      },
      NOW,
    ),
  ).toEqual({
    levels: [
      { least: 40, most: Infinity, name: 'warn' },
      { least: 35, most: 35, name: 'notice' },
    ],
    services: ['pay*', 'auth'],
    tags: ['slow'],
    fields: [
      { path: ['user_id'], value: '42' },
      { path: ['user', 'name'], value: 'a=b' },
    ],
    pattern: '(?i)time.?out',
    shipper: 'web-1',
  });
});

test.each([
  [{ level: 'audit+' }, 'nothing is known of how grave "audit" is; expected trace+, debug+'],
  [{ level: '' }, '--level is empty'],
  [{ level: 'error,' }, '--level is empty'],
  [{ service: '' }, '--service is empty'],
  [{ tag: '' }, '--tag is empty'],
  [{ field: 'user_id' }, '--field is "user_id": expected name=value'],
  [{ field: '=1' }, '--field is "=1": expected name=value'],
  [{ field: 'a..b=1' }, 'expected name=value'],
  [{ grep: '(' }, '--grep: expected a regular expression of RE2'],
  [{ grep: '' }, '--grep: expected a regular expression'],
  [{ grep: String.raw`(a)\1` }, '--grep: expected a regular expression of RE2'],
  [{ grep: 'a'.repeat(10_001) }, '--grep is longer than 10000 characters'],
  [{ since: '15m', until: '1h' }, '--until 1h is not after --since 15m'],
] satisfies [QueryOptions, string][])('%j is refused, with what is wrong with it', (options, message) => {
  expect(() => parseQuery(options, NOW)).toThrow(message);
});
