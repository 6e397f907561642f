import { describe, expect, test } from 'vitest';
import { processed, type Flags } from '../../helpers/processing.ts';

const one = (line: string, flags: Flags): string | undefined => processed(`${line}\n`, flags)[0];

describe('fields are added', () => {
  test.each([
    ['to an object', '{"a":1}', '{"a":1,"env":"prod","dc":"x\\"y"}'],
    ['in the place of those of the same name', '{"env":"dev","a":1}', '{"a":1,"env":"prod","dc":"x\\"y"}'],
    ['to a line of text', 'x', '{"message":"x","env":"prod","dc":"x\\"y"}'],
  ])('%s', (_, line, entry) => {
    expect(one(line, { add: ['env=prod', 'dc=x"y'] })).toBe(entry);
  });
});

describe('fields are dropped', () => {
  test.each([
    ['the first', '{"password":"x","a":1,"b":2}', '{"a":1,"b":2}'],
    ['one in the middle', '{"a":1.0,"password":"x","b": 2}', '{"a":1.0,"b": 2}'],
    ['the last', '{"a":1,"password":"x"}', '{"a":1}'],
    ['the only one', '{"password":"x"}', '{}'],
    ['twice there', '{"password":1,"a":1,"password":2}', '{"a":1}'],
    ['in another spelling', '{"p\\u0061ssword":1,"a":1}', '{"a":1}'],
    [
      'inside an object',
      '{"user":{"id":12345678901234567890,"pin":1},"a":1}',
      '{"user":{"id":12345678901234567890},"a":1}',
    ],
    ['with a dot in its own name', '{"user.pin":1,"a":1}', '{"a":1}'],
    ['not there: the bytes stay', '{ "a" : 1.0 }', '{ "a" : 1.0 }'],
    ['not that which only begins alike', '{"passwords":1}', '{"passwords":1}'],
    ['not in a line that did not parse', '{password}', '{"message":"{password}","_error":"not_json"}'],
  ])('%s', (_, line, entry) => {
    expect(one(line, { drop: ['password,user.pin'] })).toBe(entry);
  });

  test('of a parsed line', () => {
    expect(one('a=1 b=2', { parse: 'logfmt', drop: ['a'] })).toBe('{"b":"2"}');
    const line = '<13>1 - - - - - [x a="1" b="2"] m';
    expect(JSON.parse(one(line, { parse: 'syslog', drop: ['structured_data.x.a,level'] }) ?? '')).toEqual({
      ...{ facility: 'user', severity: 'notice', message: 'm', structured_data: { x: { b: '2' } } },
    });
  });
});

test('all at once: drop, redact, add, tag', () => {
  const flags = { drop: ['b'], redact: ['email'], add: ['env=prod'], tag: ['t=x'] };
  expect(one('{"a":"x@y.example","b":1,"n":1.0}', flags)).toBe(
    '{"a":"[redacted:email]","n":1.0,"env":"prod","tags":["t"]}',
  );
});
