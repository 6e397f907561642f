import fc from 'fast-check';
import { expect, test } from 'vitest';
import { restOf } from '../../src/outputs/rest.ts';

test.each([
  ['{}', [], '{}'],
  ['{"a":1}', ['a'], '{}'],
  ['{"a":1}', ['b'], '{"a":1}'],
  ['{"a":1,"b":2,"c":3}', ['b'], '{"a":1,"c":3}'],
  ['{"a":1,"b":2,"c":3}', ['a', 'c'], '{"b":2}'],
  ['{"a":1,"b":2,"c":3,"d":4}', ['a'], '{"b":2,"c":3,"d":4}'],
  [' { "a" : 1 , "b" : [ 1 , {"a":2} ] } \r', ['a'], '{"b" : [ 1 , {"a":2} ]}'],
  ['{"n":18446744073709551615,"f":1.0,"e":1E5,"a":1}', ['a'], '{"n":18446744073709551615,"f":1.0,"e":1E5}'],
  ['{"s":"\\"}","a":"\\\\","t":"\\\\\\"","u":1}', ['a'], '{"s":"\\"}","t":"\\\\\\"","u":1}'],
  ['{"s":"{[","a":{"x":"}]"},"b":true}', ['a'], '{"s":"{[","b":true}'],
  ['{"ab":1,"a":2,"b":null}', ['a'], '{"ab":1,"b":null}'],
  ['{"a":{"a":1},"b":-1}', ['b'], '{"a":{"a":1}}'],
  ['{"a":1,"a":2,"b":3}', ['a'], '{"b":3}'],
])('of %s without %j stays %s', (line, taken, rest) => {
  expect(restOf(line, taken)).toBe(rest);
});

test('of any object, however it is written, stays what is not taken', () => {
  const member = fc.tuple(fc.string(), fc.jsonValue());
  const space = fc.constantFrom(undefined, 1, '\t');
  fc.assert(
    fc.property(fc.array(member), fc.array(fc.nat(8)), space, (members, places, indent) => {
      const entry = Object.fromEntries(members);
      const line = JSON.stringify(entry, null, indent);
      const names = Object.keys(entry);
      const taken = places.map((place) => names[place] ?? 'none').filter((name) => /^[\w ]*$/.test(name));
      const left = Object.fromEntries(Object.entries(entry).filter(([name]) => !taken.includes(name)));
      expect(JSON.parse(restOf(line, taken))).toEqual(JSON.parse(JSON.stringify(left)));
    }),
    { numRuns: 500 },
  );
});
