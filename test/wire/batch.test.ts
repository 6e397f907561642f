import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  MAX_POSITIONS_BYTES,
  checkPositions,
  decodeBatch,
  encodeBatchHead,
  type BatchInfo,
} from '../../src/wire/batch.ts';
import { codeOf } from '../helpers/errors.ts';
import { BATCH_TEXT, POSITION_HEAD, goldenFrame, goldenPayload } from './golden.ts';

const CRC = 0x9fceb2c8;
const positions = { 'a.log': { offset: 16, head: POSITION_HEAD, headBytes: 4 } };
const info = (changes: Partial<BatchInfo> = {}): BatchInfo => ({
  sequence: 8,
  count: 2,
  rawLength: 16,
  crc: CRC,
  positions: {},
  ...changes,
});

/** A payload with a prefix of these numbers; what it says of its positions may be a lie. */
function payload(sequence: bigint, positionsLength: number, rest: Buffer): Buffer {
  const prefix = Buffer.alloc(24);
  prefix.writeBigUInt64BE(sequence, 0);
  prefix.writeUInt32BE(positionsLength, 20);
  return Buffer.concat([prefix, rest]);
}

describe('the golden batches', () => {
  test.each([
    { name: 'BATCH', sequence: 8, algorithm: 'none', moved: positions },
    { name: 'BATCH gzip', sequence: 9, algorithm: 'gzip', moved: {} },
    { name: 'BATCH zlib', sequence: 10, algorithm: 'zlib', moved: {} },
    { name: 'BATCH zstd', sequence: 11, algorithm: 'zstd', moved: {} },
  ] as const)(
    '$name is encoded to its bytes and decoded from them',
    ({ name, sequence, algorithm, moved }) => {
      const { body, ...decoded } = decodeBatch(algorithm, goldenPayload(name));
      expect(decoded).toEqual({ ...info({ sequence, positions: moved }), algorithm });
      const head = encodeBatchHead(info({ sequence, positions: moved }), algorithm, body.length);
      expect(Buffer.concat([head, body]).toString('hex')).toBe(goldenFrame(name).bytes.toString('hex'));
    },
  );

  test('the body of an uncompressed one is its text', () => {
    expect(decodeBatch('none', goldenPayload('BATCH')).body.toString()).toBe(BATCH_TEXT);
  });

  test('one cut anywhere before its body is a bad message', async () => {
    const whole = goldenPayload('BATCH');
    for (let length = 0; length < whole.length - BATCH_TEXT.length; length += 1) {
      expect(await codeOf(() => decodeBatch('none', whole.subarray(0, length))), `cut at ${length}`).toBe(
        'bad_message',
      );
    }
    expect(decodeBatch('none', whole.subarray(0, whole.length - BATCH_TEXT.length)).body).toHaveLength(0);
  });
});

test('what was encoded is decoded', () => {
  const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
  const position = fc.record({ offset: fc.maxSafeNat(), head: fc.string(), headBytes: fc.maxSafeNat() });
  const moved = fc.dictionary(fc.string({ unit: 'grapheme' }), position, {
    maxKeys: 5,
    noNullPrototype: true,
  });
  const batch = fc.record({
    sequence: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    count: u32,
    rawLength: u32,
    crc: u32,
    positions: moved,
  });
  fc.assert(
    fc.property(batch, fc.uint8Array(), (given, body) => {
      const head = encodeBatchHead(given, 'zstd', body.length);
      expect(head.readUInt32BE(0)).toBe(head.length - 5 + body.length);
      const decoded = decodeBatch('zstd', Buffer.concat([head.subarray(5), body]));
      expect(decoded).toEqual({ ...given, algorithm: 'zstd', body: Buffer.from(body) });
    }),
  );
});

describe('a batch is refused as bad_message', () => {
  test.each([
    ['when its sequence is 0', payload(0n, 0, Buffer.alloc(0))],
    ['when its sequence is 2^53', payload(2n ** 53n, 0, Buffer.alloc(0))],
    ['when its sequence is 2^64 - 1', payload(2n ** 64n - 1n, 0, Buffer.alloc(0))],
    ['when its positions end after the payload', payload(1n, 3, Buffer.from('{}'))],
    ['when its positions say they are 2^32 - 1 bytes long', payload(1n, 2 ** 32 - 1, Buffer.from('{}'))],
    ['when its positions are not JSON', payload(1n, 2, Buffer.from('{]'))],
    ['when its positions are an array', payload(1n, 2, Buffer.from('[]'))],
    ['when its positions are null', payload(1n, 4, Buffer.from('null'))],
  ])('%s', async (_, bytes) => {
    expect(await codeOf(() => decodeBatch('none', bytes))).toBe('bad_message');
  });
});

test('a sequence may be 2^53 - 1', () => {
  expect(decodeBatch('none', payload(2n ** 53n - 1n, 0, Buffer.alloc(0))).sequence).toBe(
    Number.MAX_SAFE_INTEGER,
  );
});

describe('the positions of a batch', () => {
  const ofLength = (length: number): Buffer => Buffer.from(`{${' '.repeat(length - 2)}}`);

  test('may take MAX_POSITIONS_BYTES', () => {
    const bytes = payload(1n, MAX_POSITIONS_BYTES, ofLength(MAX_POSITIONS_BYTES));
    expect(decodeBatch('none', bytes).positions).toEqual({});
  });

  test('may not take one byte more', async () => {
    const bytes = payload(1n, MAX_POSITIONS_BYTES + 1, ofLength(MAX_POSITIONS_BYTES + 1));
    expect(await codeOf(() => decodeBatch('none', bytes))).toBe('bad_message');
  });

  test('may not be printed longer than they were sent, past what a block header holds', async () => {
    const numbers = Array.from(
      { length: 1200 },
      (_, index) => `"${index}":{"offset":1e15,"head":"","headBytes":1e15}`,
    );
    const sent = Buffer.from(`{${numbers.join(',')}}`);
    expect(sent.length).toBeLessThan(MAX_POSITIONS_BYTES);
    expect(JSON.stringify(JSON.parse(sent.toString())).length).toBeGreaterThan(65_535);
    expect(await codeOf(() => decodeBatch('none', payload(1n, sent.length, sent)))).toBe('bad_message');
  });

  test.each([
    ['no offset', { head: '', headBytes: 0 }],
    ['a negative offset', { offset: -1, head: '', headBytes: 0 }],
    ['a fraction for an offset', { offset: 0.5, head: '', headBytes: 0 }],
    ['an offset of 2^53', { offset: 2 ** 53, head: '', headBytes: 0 }],
    ['a text for an offset', { offset: '1', head: '', headBytes: 0 }],
    ['a head that is no text', { offset: 1, head: 1, headBytes: 0 }],
    ['no head bytes', { offset: 1, head: '' }],
    ['a part that is no count', { offset: 1, head: '', headBytes: 0, part: 'x' }],
    ['an inode that is no text', { offset: 1, head: '', headBytes: 0, inode: 7 }],
    ['packed bytes that are no count', { offset: 1, head: '', headBytes: 0, packedBytes: -1 }],
    ['an isGone that is not true', { offset: 1, head: '', headBytes: 0, isGone: false }],
    ['null for a position', null],
    ['a number for a position', 7],
  ])('are refused with %s', async (_, position) => {
    expect(await codeOf(() => checkPositions({ 'a.log': position }, 'a test'))).toBe('bad_message');
  });

  test('may say more of a file, also what is not known here', () => {
    const more = { inode: '1:2', path: '/a', last: 'ab', packedBytes: 3, part: 1, isGone: true, later: [] };
    const given = { '#a': { offset: 1, head: '', headBytes: 0, ...more } };
    expect(checkPositions(given, 'a test')).toEqual(given);
  });

  test('are kept under any name, __proto__ too', () => {
    const given: unknown = JSON.parse('{"__proto__":{"offset":1,"head":"","headBytes":0}}');
    expect(Object.keys(checkPositions(given, 'a test'))).toEqual(['__proto__']);
  });
});
