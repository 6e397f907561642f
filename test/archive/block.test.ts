import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeHeader, encodeHeader, sealHeader, type BlockInfo } from '../../src/archive/block.ts';
import { codeOf } from '../helpers/errors.ts';

function sealed(info: BlockInfo, memberLength = 1000, durableBytes = 0): Buffer {
  const header = encodeHeader(info);
  sealHeader(header, memberLength, durableBytes);
  return header;
}

const ENTRIES: BlockInfo = {
  shipperId: 'web-1',
  epoch: 1,
  sequence: 2,
  receivedAtMs: 3,
  count: 4,
  rawLength: 5,
  crc: 6,
  positions: { 'a.log': { offset: 7, head: 'ab', headBytes: 1 } },
};
const GAP: BlockInfo = {
  ...ENTRIES,
  positions: {},
  count: 0,
  rawLength: 0,
  crc: 0,
  gap: { from: 1, entries: 8, reason: 'spool full' },
};

test('a header lies as its diagram says', () => {
  const header = sealed({ ...ENTRIES, positions: {} }, 0x11223344, 0x55667788);
  const expected = [
    '01 00 0000', // version, kind, zero
    header.toString('hex', 4, 8),
    '44332211', // member length
    '88776655', // durable bytes
    '0100000000000000', // epoch
    '0200000000000000', // sequence
    '0300000000000000', // received at
    '04000000 05000000 06000000', // count, raw length, CRC-32
    '05 7765622d31', // web-1
    '0000', // no details
  ];
  expect(header.toString('hex')).toBe(expected.join('').replaceAll(' ', ''));
});

test('what was encoded is decoded', () => {
  const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
  const position = fc.record({ offset: fc.maxSafeNat(), head: fc.string(), headBytes: fc.maxSafeNat() });
  const info = fc.record(
    {
      shipperId: fc.stringMatching(/^[@A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/),
      epoch: fc.maxSafeNat(),
      sequence: fc.maxSafeNat(),
      receivedAtMs: fc.maxSafeNat(),
      count: u32,
      rawLength: u32,
      crc: u32,
      positions: fc.dictionary(fc.string({ unit: 'binary' }), position, { noNullPrototype: true }),
      gap: fc.record({
        from: fc.maxSafeNat(),
        entries: fc.maxSafeNat(),
        reason: fc.string({ unit: 'binary', maxLength: 200 }),
      }),
    },
    {
      requiredKeys: [
        'shipperId',
        'epoch',
        'sequence',
        'receivedAtMs',
        'count',
        'rawLength',
        'crc',
        'positions',
      ],
    },
  );
  fc.assert(
    fc.property(info, u32, u32, (given, memberLength, durableBytes) => {
      expect(decodeHeader(sealed(given, memberLength, durableBytes))).toEqual({
        ...given,
        memberLength,
        durableBytes,
      });
    }),
  );
});

test('durable bytes stop at 2^32 - 1', () => {
  expect(decodeHeader(sealed(ENTRIES, 1, 2 ** 32)).durableBytes).toBe(2 ** 32 - 1);
});

describe.each([
  ['entries', sealed(ENTRIES)],
  ['a gap', sealed(GAP)],
])('a header of %s', (_, header) => {
  test('is damaged when any bit of it is flipped', async () => {
    const unnoticed: string[] = [];
    for (let bit = 0; bit < header.length * 8; bit += 1) {
      const flipped = Buffer.from(header);
      flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      if ((await codeOf(() => decodeHeader(flipped))) !== 'damaged')
        unnoticed.push(`byte ${bit >> 3} bit ${bit & 7}`);
    }
    expect(unnoticed).toEqual([]);
  });

  test('is damaged when it is cut anywhere', async () => {
    for (let length = 0; length < header.length; length += 1) {
      expect(await codeOf(() => decodeHeader(header.subarray(0, length))), `cut at ${length}`).toBe(
        'damaged',
      );
    }
  });
});

test('a header that was not sealed is damaged', async () => {
  expect(await codeOf(() => decodeHeader(encodeHeader(ENTRIES)))).toBe('damaged');
});
