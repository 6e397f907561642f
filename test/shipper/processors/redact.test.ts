import { describe, expect, test } from 'vitest';
import { isCardNumber } from '../../../src/shipper/processors/card_numbers.ts';
import { redactorOf } from '../../../src/shipper/processors/redact.ts';
import { entriesFrom, pipelineWith, processed, rulesOf } from '../../helpers/processing.ts';

const redacted = (text: string, what: string): string =>
  redactorOf(rulesOf({ redact: [what] }).redact)?.text(text) ?? '';

const JWT = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U';

describe('e-mail addresses', () => {
  test.each([
    ['mail ann@example.com now', 'mail [redacted:email] now'],
    ['<ann.b+c@sub.example.co.uk>', '<[redacted:email]>'],
    ['jörg@münchen.example', '[redacted:email]'],
    ['user=ann@example.com;x', 'user=[redacted:email];x'],
    ['git@localhost', 'git@localhost'],
    ['a @ b', 'a @ b'],
  ])('%j', (text, expected) => {
    expect(redacted(text, 'email')).toBe(expected);
  });
});

describe('card numbers', () => {
  test.each([
    ['card 4111111111111111 ok', 'card [redacted:card] ok'],
    ['card 4111 1111 1111 1111 ok', 'card [redacted:card] ok'],
    ['4111-1111-1111-1111', '[redacted:card]'],
    ['2024 4111 1111 1111 1111 17', '2024 [redacted:card] 17'],
    ['378282246310005 and 5555555555554444', '[redacted:card] and [redacted:card]'],
    ['4111111111111112', '4111111111111112'],
    ['14111111111111111', '14111111111111111'],
    ['at 1717754400007 ms', 'at 1717754400007 ms'],
    ['took 0.4111111111111111 s', 'took 0.4111111111111111 s'],
  ])('%j', (text, expected) => {
    expect(redacted(text, 'card')).toBe(expected);
  });

  test.each([
    ...['4111111111111111', '4222222222222', '5555555555554444', '2223003122003222', '378282246310005'],
    ...['6011111111111117', '3530111333300000', '30569309025904', '6304000000000000'],
  ])('%s is one', (digits) => {
    expect(isCardNumber(digits)).toBe(true);
    const wrong = digits.slice(0, -1) + String((Number(digits.at(-1)) + 1) % 10);
    expect(isCardNumber(wrong)).toBe(false);
  });
});

describe('tokens', () => {
  test.each([
    ['Authorization: Bearer abc.def-123', 'Authorization: Bearer [redacted:token]'],
    ['basic dXNlcjpwYXNz', 'basic [redacted:token]'],
    [`jwt ${JWT}!`, 'jwt [redacted:token]!'],
    ['api_key=0123abcd&x=1', 'api_key=[redacted:token]&x=1'],
    ['{"password": "hunter2"}', '{"password": "[redacted:token]"}'],
    ['access-token: s3cr3t', 'access-token: [redacted:token]'],
    ['AKIAIOSFODNN7EXAMPLE', '[redacted:token]'],
    [`ghp_${'a1'.repeat(18)}`, '[redacted:token]'],
    [`sk_live_${'a1'.repeat(12)}`, '[redacted:token]'],
    ['the token was refused', 'the token was refused'],
    ['basic shoes', 'basic shoes'],
    ['passwords are stored', 'passwords are stored'],
  ])('%j', (text, expected) => {
    expect(redacted(text, 'token')).toBe(expected);
    expect(redacted(expected, 'token')).toBe(expected);
  });
});

test('what the user names', () => {
  expect(redacted('ssn 123-45-6789', 'ssn=\\d{3}-\\d{2}-\\d{4}')).toBe('ssn [redacted:ssn]');
});

describe('in JSON', () => {
  test.each([
    ['a text', '{"a":"x@y.example z","b" : 1.0}', '{"a":"[redacted:email] z","b":1.0}'],
    ['in depth', '{"a":[{"b":"x@y.example"}, 2]}', '{"a":[{"b":"[redacted:email]"}, 2]}'],
    ['a text with escapes', '{"a":"x\\u0040y.example\\n"}', '{"a":"[redacted:email]\\n"}'],
    ['a number', '{"card":4111111111111111,"n":17}', '{"card":"[redacted:card]","n":17}'],
    ['a name', '{"x@y.example":1}', '{"[redacted:email]":1}'],
    [
      'behind a name that says it is secret',
      '{"apiKey":"x","n":{"PIN":1,"password":1234}}',
      '{"apiKey":"[redacted:token]","n":{"PIN":1,"password":"[redacted:token]"}}',
    ],
    ['not where there is nothing', '{ "a" : "@", "n":1.0 }', '{"a":"@","n":1.0}'],
    ['not a float', '{"f":0.4111111111111111,"e":1e300}', '{"f":0.4111111111111111,"e":1e300}'],
    ['what does not parse', '{x@y.example', '{"message":"{[redacted:email]"}'],
    ['in a text of braces', '{x@y.example}', '{"message":"{[redacted:email]}","_error":"not_json"}'],
  ])('%s', (_, line, expected) => {
    expect(processed(`${line}\n`, { redact: ['email,card,token'] })).toEqual([expected]);
  });
});

test('in fields of other formats', () => {
  expect(
    entriesFrom('user=x@y.example token=abc n=1\n', { parse: 'logfmt', redact: ['email,token'] }),
  ).toEqual([{ user: '[redacted:email]', token: '[redacted:token]', n: '1' }]);
});

test('the bytes of a line that is not UTF-8 do not come along where something was redacted', () => {
  const line = Buffer.concat([Buffer.from('x@y.example '), Buffer.from([0xff, 0x0a])]);
  expect(entriesFrom(line, { redact: ['email'] })).toEqual([
    { message: '[redacted:email] \uFFFD', _error: 'not_utf8' },
  ]);
});

test('pieces of a line that is too long are redacted', () => {
  const { shaperOf } = pipelineWith({ redact: ['email'] });
  const bytes = Buffer.from('x@y.example and more');
  const [run] = [...shaperOf('x').shape({ kind: 'piece', bytes, part: 2, isLast: true }, 1e6)];
  expect(run?.sourceBytes).toBe(bytes.length + 1);
  expect(JSON.parse(run?.lines.bytes.toString() ?? '')).toEqual({
    ...{ message: '[redacted:email] and more', _part: 2, _last: true },
  });
});

describe('no text takes long', () => {
  test.each([
    ['a', 'a'.repeat(1_000_000)],
    ['a@', `${'a'.repeat(500_000)}@${'b'.repeat(500_000)}`],
    ['@', '@'.repeat(1_000_000)],
    ['a.', `x@${'a.'.repeat(500_000)}`],
    ['digits', '4'.repeat(1_000_000)],
    ['digits with spaces', '4111 '.repeat(200_000)],
    ['eyJ', 'eyJ'.repeat(300_000)],
    ['eyJ with points', 'eyJaaaaaa.'.repeat(100_000)],
    ['token', 'token'.repeat(200_000)],
    ['token and spaces', `token${' '.repeat(1_000_000)}`],
    ['bearer and spaces', `${'bearer '.repeat(100_000)}${' '.repeat(100_000)}`],
    ['sk-', 'sk-'.repeat(300_000)],
  ])('%s', (_, text) => {
    const before = process.cpuUsage();
    redacted(text, 'email,card,token');
    expect(process.cpuUsage(before).user).toBeLessThan(5_000_000);
  });
});
