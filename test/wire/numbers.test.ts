import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readUInt64, writeUInt64 } from '../../src/wire/numbers.ts';
import { codeOf } from '../helpers/errors.ts';

test.each([
  [0, '0000000000000000'],
  [1, '0000000000000001'],
  [2 ** 32 - 1, '00000000ffffffff'],
  [2 ** 32, '0000000100000000'],
  [Number.MAX_SAFE_INTEGER, '001fffffffffffff'],
])('%i is written as %s and read again', (value, hex) => {
  const bytes = Buffer.alloc(8);
  writeUInt64(bytes, value, 0);
  expect(bytes.toString('hex')).toBe(hex);
  expect(readUInt64(bytes, 0, 'a number')).toBe(value);
});

test('every safe integer is written as a big-endian uint64, at any offset', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.nat(8), (value, offset) => {
      const bytes = Buffer.alloc(16);
      writeUInt64(bytes, value, offset);
      expect(bytes.readBigUInt64BE(offset)).toBe(BigInt(value));
      expect(readUInt64(bytes, offset, 'a number')).toBe(value);
    }),
  );
});

test.each(['0020000000000000', 'ffffffffffffffff'])('%s is refused: it is past 2^53 - 1', async (hex) => {
  expect(await codeOf(() => readUInt64(Buffer.from(hex, 'hex'), 0, 'a number'))).toBe('bad_message');
  expect(() => readUInt64(Buffer.from(hex, 'hex'), 0, 'the sequence')).toThrow('the sequence');
});
