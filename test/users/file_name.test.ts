import fc from 'fast-check';
import { resolve, sep } from 'node:path';
import { describe, expect, test } from 'vitest';
import { bytesOfId, idOfBytes } from '../../src/users/id_bytes.ts';
import {
  dayFileOf,
  dayOfFile,
  folderNameOf,
  idOfFolderName,
  idOfHashedFolder,
  isHashed,
} from '../../src/users/file_name.ts';

/** Any string of JavaScript, and those that are out for harm. */
const anyId = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 120 }),
  fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)) }),
  fc.string({
    unit: fc.constantFrom('.', '/', '\\', '\0', '%', '=', ':', 'a', 'A', 'é', 'e\u0301', '\ud800', '~'),
  }),
  fc.string({ unit: fc.constantFrom('a', 'ß', '\ud83d\ude00'), minLength: 40, maxLength: 400 }),
);

describe('the folder of a user', () => {
  test.each([
    ['bob', 'user_bob'],
    ['a_b-9', 'user_a_b-9'],
    ['', 'user_'],
    ['Bob', 'user_%42ob'],
    ['../../etc', 'user_%2e%2e%2f%2e%2e%2fetc'],
    ['a\0b', 'user_a%00b'],
    ['é', 'user_%c3%a9'],
    ['e\u0301', 'user_e%cc%81'],
    ['\ud800', 'user_%ed%a0%80'],
    ['%41', 'user_%2541'],
  ])('of %j is %s, and leads back', (id, name) => {
    expect(folderNameOf(id)).toBe(name);
    expect(idOfFolderName(name)).toBe(id);
  });

  test('of a long id is a hash, which the bytes of the id belong to', () => {
    const id = 'x'.repeat(10_000);
    const name = folderNameOf(id);
    expect(name).toMatch(/^user_=[0-9a-f]{64}$/);
    expect(isHashed(name)).toBe(true);
    expect(idOfFolderName(name)).toBeUndefined();
    expect(idOfHashedFolder(name, bytesOfId(id))).toBe(id);
    expect(idOfHashedFolder(name, bytesOfId(`${id}x`))).toBeUndefined();
  });

  test('is one name in one folder, whatever the id', () => {
    fc.assert(
      fc.property(anyId, (id) => {
        const name = folderNameOf(id);
        expect(name).toMatch(/^user_[a-z0-9_%=-]*$/);
        expect(name.length).toBeLessThanOrEqual(205);
        expect(resolve('/users', name)).toBe(`/users${sep}${name}`);
        expect(isHashed(name) ? idOfHashedFolder(name, bytesOfId(id)) : idOfFolderName(name)).toBe(id);
      }),
      { numRuns: 2000 },
    );
  });

  test('is shared by no two ids, not where case and normal forms count for nothing', () => {
    const folded = (id: string): string => folderNameOf(id).normalize('NFKD').toLowerCase();
    fc.assert(
      fc.property(anyId, anyId, (one, other) => {
        fc.pre(one !== other);
        expect(folded(one)).not.toBe(folded(other));
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    'bob',
    'user_Bob',
    'user_%4',
    'user_%C3',
    'user_%ff',
    'user_%62ob',
    'user_%ed%a0%bd%ed%b8%80',
    'user_=ab',
    'user_a/b',
  ])('%s is none', (name) => expect(idOfFolderName(name)).toBeUndefined());
});

test('the bytes of an id lead back to it, and other bytes to none', () => {
  fc.assert(
    fc.property(anyId, (id) => {
      expect(idOfBytes(bytesOfId(id))).toBe(id);
    }),
    { numRuns: 2000 },
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 12 }), (bytes) => {
      const id = idOfBytes(Buffer.from(bytes));
      if (id !== undefined) expect(bytesOfId(id)).toEqual(Buffer.from(bytes));
    }),
    { numRuns: 2000 },
  );
});

test.each([
  [20_000, '20000.jsonl'],
  [0, '0.jsonl'],
  [-1, '-1.jsonl'],
])('the file of day %i is %s', (day, name) => {
  expect(dayFileOf(day)).toBe(name);
  expect(dayOfFile(name)).toBe(day);
});

test.each(['01.jsonl', '-0.jsonl', '1.jsonl.gz', 'id', '1e3.jsonl', '99999999999999999999.jsonl', ''])(
  '%s is no file of a day',
  (name) => expect(dayOfFile(name)).toBeUndefined(),
);

test.each([0.5, NaN, Infinity, 2 ** 60])('%d is no day', (day) => {
  expect(() => dayFileOf(day)).toThrow(RangeError);
});
