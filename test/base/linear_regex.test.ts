import { describe, expect, test } from 'vitest';
import { groupNames, linearRegex } from '../../src/base/linear_regex.ts';

describe('a pattern is found', () => {
  test.each([
    ['login|logout', 'user logout', true],
    ['login|logout', 'user signout', false],
    ['healthz', 'GET /healthz', true],
    ['a\\.b', 'a.b', true],
    ['a\\.b', 'axb', false],
    ['a\\|b', 'a|b', true],
    ['(?i)ERROR', 'an error', true],
    ['^\\d{3}$', '404', true],
    ['^\\d{3}$', '4040', false],
    ['\\bfoo\\b', 'a foo b', true],
    ['über', 'Der Fluss über', true],
    ['\\p{Greek}', 'αβγ', true],
    ['a|b.*c', 'xbzzc', true],
  ])('%s in %j: %s', (source, text, found) => {
    expect(linearRegex(source).test(text)).toBe(found);
  });
});

test.each([
  ['(', 'missing closing )'],
  ['a**', 'invalid nested repetition'],
  ['(a)\\1', 'invalid escape'],
  ['(?=a)', 'invalid'],
  ['[z-a]', 'invalid character class range'],
  ['a{1001}', 'invalid repeat count'],
  ['', 'empty'],
])('%j is refused, and it is said why', (source, why) => {
  expect(() => linearRegex(source)).toThrow(why);
});

describe('no pattern takes long on any text', () => {
  test.each([
    ['(a+)+$', `${'a'.repeat(100_000)}b`],
    ['^(a|aa)+$', `${'a'.repeat(100_000)}b`],
    ['(?i)^(a|a)*$', `${'a'.repeat(100_000)}b`],
    ['(x+x+)+y', 'x'.repeat(100_000)],
    ['^(\\w+\\s?)*$', `${'word '.repeat(20_000)}!`],
    ['(.*)*(.*)*(.*)*x', 'a'.repeat(100_000)],
    ['([a-zA-Z]+)*[0-9]', 'a'.repeat(100_000)],
    ['(a?){50}a{50}', 'a'.repeat(50)],
    ['(?P<all>(?:(?:a+)+b)*)c', 'a'.repeat(100_000)],
  ])('%s', (source, text) => {
    const regex = linearRegex(source);
    const before = process.cpuUsage();
    regex.test(text);
    regex.groups(text);
    const { user, system } = process.cpuUsage(before);
    expect(user + system).toBeLessThan(5_000_000);
  });
});

test('named groups come in the order of the pattern, those that took part', () => {
  const regex = linearRegex('(?P<b>\\d+)(?:-(?<a>\\d+))? (?P<c>\\w+)');
  expect(groupNames(regex.source)).toEqual(['b', 'a', 'c']);
  expect(regex.groups('x 1-2 z')).toEqual([
    ['b', '1'],
    ['a', '2'],
    ['c', 'z'],
  ]);
  expect(regex.groups('x 1 z')).toEqual([
    ['b', '1'],
    ['c', 'z'],
  ]);
  expect(regex.groups('none')).toBeUndefined();
});

test.each(['secret', 's[a-z]cret', 'secret|[$]1'])(
  'every match of %s is replaced, by exactly this',
  (source) => {
    expect(linearRegex(source).replaceAll('a secret, secrets', '$1 $& \\1')).toBe('a $1 $& \\1, $1 $& \\1s');
  },
);
