import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { CODECS, compress, decompress, deflateBits, inflateBits } from '../../src/wire/codecs.ts';
import { codeOf } from '../helpers/errors.ts';
import { BATCH_TEXT, PLAIN_TEXT, goldenPayload } from './golden.ts';

const NAMES = ['gzip', 'zlib', 'zstd'] as const;
const MIB = 1024 * 1024;
const LINE = '{"level":"info","message":"ünïcode and a number","n":12345}\n';

/** Below and above the size from which the thread pool is used. */
const INPUTS = {
  'no bytes': Buffer.alloc(0),
  'one byte': Buffer.from('x'),
  'a few lines': Buffer.from(LINE.repeat(10)),
  'many lines': Buffer.from(LINE.repeat(20_000)),
  'random bytes': randomBytes(100_000),
};

describe.each(NAMES)('%s', (name) => {
  const { min, max } = CODECS[name].levels;
  const levels = Array.from({ length: max - min + 1 }, (_, index) => min + index);

  test.each(levels)('at level %i gives back what it was given', async (level) => {
    for (const [what, raw] of Object.entries(INPUTS)) {
      const packed = await compress(name, raw, level);
      expect((await decompress(name, packed, { maxBytes: MIB * 4 })).equals(raw), what).toBe(true);
    }
  });

  test('a higher level packs smaller', async () => {
    const [low, high] = await Promise.all([
      compress(name, INPUTS['many lines'], min),
      compress(name, INPUTS['many lines'], max),
    ]);
    expect(high.length).toBeLessThan(low.length);
  });

  test.each([100, 9_000, 300_000])(
    '%i bytes come out at a limit of as many, and not at one less',
    async (size) => {
      const packed = await compress(name, Buffer.alloc(size, LINE), 1);
      expect(await decompress(name, packed, { maxBytes: size })).toHaveLength(size);
      expect(await codeOf(() => decompress(name, packed, { maxBytes: size - 1 }))).toBe('batch_too_large');
    },
  );

  test.each([0, 1, 5_000, 10 * MIB])(
    'a hint of %i bytes does not change what comes out',
    async (expectedBytes) => {
      const packed = await compress(name, INPUTS['many lines'], 1);
      const raw = await decompress(name, packed, { maxBytes: 4 * MIB, expectedBytes });
      expect(raw.equals(INPUTS['many lines'])).toBe(true);
    },
  );

  test('a bomb is stopped at the limit and costs no more than that', async () => {
    const bomb = await compress(name, Buffer.alloc(64 * MIB), 1);
    expect(bomb.length).toBeLessThan(MIB);
    const before = process.memoryUsage().arrayBuffers;
    expect(await codeOf(() => decompress(name, bomb, { maxBytes: 65_536 }))).toBe('batch_too_large');
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * MIB);
  });

  test.each(['no bytes', 'one byte', 'a few lines'] as const)(
    '%s cut at any byte do not inflate',
    async (what) => {
      const packed = await compress(name, INPUTS[what], 1);
      expect(packed.length).toBeGreaterThan(0);
      for (let length = 0; length < packed.length; length += 1) {
        expect(
          await codeOf(() => decompress(name, packed.subarray(0, length), { maxBytes: MIB })),
          `cut at ${length}`,
        ).toBe('does_not_inflate');
      }
    },
  );

  test.each(['a few lines', 'many lines'] as const)(
    '%s followed by other bytes do not inflate',
    async (what) => {
      const packed = await compress(name, INPUTS[what], 1);
      for (const junk of [Buffer.of(0), Buffer.alloc(9), Buffer.from('junk'), randomBytes(100)]) {
        expect(
          await codeOf(() => decompress(name, Buffer.concat([packed, junk]), { maxBytes: 4 * MIB })),
        ).toBe('does_not_inflate');
      }
    },
  );

  test('what was never compressed does not inflate', async () => {
    expect(await codeOf(() => decompress(name, Buffer.from(PLAIN_TEXT), { maxBytes: MIB }))).toBe(
      'does_not_inflate',
    );
  });

  test('a flipped bit inside does not give back what went in', async () => {
    const packed = await compress(name, INPUTS['random bytes'], 1);
    packed.writeUInt8(packed.readUInt8(5_000) ^ 1, 5_000);
    const raw = await decompress(name, packed, { maxBytes: MIB }).catch(() => undefined);
    expect(raw?.equals(INPUTS['random bytes']) ?? false).toBe(false);
  });
});

test.each([
  ['gzip', 'PLAIN gzip', PLAIN_TEXT],
  ['zlib', 'PLAIN zlib', PLAIN_TEXT],
] as const)('what another program packed as %s is read', async (algorithm, name, text) => {
  expect((await decompress(algorithm, goldenPayload(name), { maxBytes: 100 })).toString()).toBe(text);
});

test('what another program packed as zstd is read', async () => {
  const body = goldenPayload('BATCH zstd').subarray(24);
  expect((await decompress('zstd', body, { maxBytes: 100 })).toString()).toBe(BATCH_TEXT);
});

test('a gzip payload may have several members', async () => {
  const packed = Buffer.concat([gzipSync('one'), gzipSync('two')]);
  expect((await decompress('gzip', packed, { maxBytes: 6 })).toString()).toBe('onetwo');
  expect(await codeOf(() => decompress('gzip', packed, { maxBytes: 5 }))).toBe('batch_too_large');
});

describe('no compression', () => {
  test('hands the payload through, at the limit', async () => {
    const raw = Buffer.from(PLAIN_TEXT);
    expect(await compress('none', raw, 6)).toBe(raw);
    expect(await decompress('none', raw, { maxBytes: raw.length })).toBe(raw);
  });

  test('refuses one byte past the limit', async () => {
    expect(await codeOf(() => decompress('none', Buffer.alloc(11), { maxBytes: 10 }))).toBe(
      'batch_too_large',
    );
  });
});

test.each(Object.entries(INPUTS))('bare deflate bits of %s are inflated', async (_, raw) => {
  const bits = await deflateBits(raw, 6);
  expect((await inflateBits(bits, { maxBytes: 4 * MIB })).equals(raw)).toBe(true);
  expect(await codeOf(() => inflateBits(Buffer.concat([bits, Buffer.of(0)]), { maxBytes: 4 * MIB }))).toBe(
    'does_not_inflate',
  );
  expect(await codeOf(() => inflateBits(bits.subarray(0, -1), { maxBytes: 4 * MIB }))).toBe(
    'does_not_inflate',
  );
});
