import { describe, expect, test } from 'vitest';
import {
  ALGORITHMS,
  FRAME,
  decodeFlags,
  encodeFrame,
  frameHeader,
  type FrameName,
} from '../../src/wire/frame.ts';
import { codeOf } from '../helpers/errors.ts';
import { GOLDEN } from './golden.ts';

const hexOf = (bytes: Buffer): string => bytes.toString('hex');

test('there is a golden frame of every type', () => {
  expect(new Set(GOLDEN.map(({ type }) => type))).toEqual(new Set(Object.keys(FRAME)));
});

test.each(GOLDEN)('a $name frame is encoded to its golden bytes', ({ type, algorithm, bytes }) => {
  const payload = bytes.subarray(5);
  expect(hexOf(encodeFrame(type, payload, algorithm))).toBe(hexOf(bytes));
  expect(hexOf(frameHeader(type, algorithm, payload.length))).toBe(hexOf(bytes.subarray(0, 5)));
});

test('a frame without a payload is its header', () => {
  expect(hexOf(encodeFrame('PING'))).toBe('0000000048');
});

test('a header holds a length of 2^32 - 1 and refuses one more', () => {
  expect(hexOf(frameHeader('PLAIN', 'none', 2 ** 32 - 1))).toBe('ffffffff00');
  expect(() => frameHeader('PLAIN', 'none', 2 ** 32)).toThrow(RangeError);
});

describe('each of the 256 flags bytes', () => {
  const types = Object.keys(FRAME) as FrameName[];

  test.each(Array.from({ length: 256 }, (_, flags) => flags))(
    '%i is read as bits 0, 1-2 and 3-7 say',
    async (flags) => {
      const type = types[flags >> 3];
      const code = (flags >> 1) & 3;
      const isCompressed = (flags & 1) === 1;
      if (type === undefined) expect(await codeOf(() => decodeFlags(flags))).toBe('unknown_type');
      else if (isCompressed && code === 0)
        expect(await codeOf(() => decodeFlags(flags))).toBe('bad_algorithm');
      else expect(decodeFlags(flags)).toEqual({ type, algorithm: isCompressed ? ALGORITHMS[code] : 'none' });
    },
  );
});

test('a receiver of the original protocol reads HELLO as an uncompressed JSON array', () => {
  const hello = GOLDEN.find(({ type }) => type === 'HELLO')?.bytes;
  expect((hello?.[4] ?? 0xff) & 0b111).toBe(0);
  expect(JSON.parse(hello?.toString('utf8', 5) ?? '')).toEqual([]);
});
