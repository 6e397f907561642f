import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { JsonMembers, isJsonObject } from '../../../src/shipper/processors/json_members.ts';

const membersOf = (text: string): JsonMembers | undefined => JsonMembers.of(Buffer.from(text));

describe('a text is one JSON object', () => {
  test.each([
    ['{}', true],
    [' { } ', true],
    ['{"a":1}', true],
    ['{"a":{"b":[1,{"c":null}]},"d":"}"}', true],
    ['{"a":1}\r', true],
    ['', false],
    ['[]', false],
    ['1', false],
    ['{', false],
    ['{"a"}', false],
    ['{"a":}', false],
    ['{"a":1,}', false],
    ['{,}', false],
    ['{"a":1}{"b":2}', false],
    ['{"a":1} x', false],
    ['{a:1}', false],
    ["{'a':1}", false],
    ['{"a":01}', false],
    ['{"a":"\t"}', false],
  ])('%j: %s', (text, expected) => {
    expect(isJsonObject(Buffer.from(text))).toBe(expected);
    expect(membersOf(text) !== undefined).toBe(expected);
  });
});

test('any object of JSON.parse has the same members; any other text is none', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.json(),
        fc.string(),
        fc.json().map((text) => text.slice(0, -1)),
      ),
      (text) => {
        const value = parsed(text);
        const members = membersOf(text);
        expect(members !== undefined).toBe(value !== undefined);
        for (const [name, inner] of Object.entries(value ?? {}))
          expect(JSON.parse(members?.json(members.find(name)) ?? '')).toEqual(inner);
      },
    ),
    { numRuns: 1000 },
  );
});

function parsed(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

test('a member is found by any spelling of its name, the last one where there are two', () => {
  const members = membersOf('{"a":1,"\\u0061":"x\\ty","ü":{"z":[1]},"long":2}');
  expect(members?.value(members.find('a'))).toBe('x\ty');
  expect(members?.value(members.find('ü'))).toBe('{"z":[1]}');
  expect(members?.inside(members.find('ü'))?.find('z')).toBe(0);
  expect(members?.inside(members.find('a'))).toBeUndefined();
  for (const name of ['', 'lon', 'longer', 'b', 'toString']) expect(members?.find(name)).toBe(-1);
});

test('an object of any depth does not grow the stack', () => {
  const depth = 200_000;
  expect(isJsonObject(Buffer.from(`${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`))).toBe(true);
});
