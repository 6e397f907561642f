import { crc32, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { FORMATS, type FormatName } from '../../src/archive/format.ts';
import { checkBatch } from '../../src/receiver/check_batch.ts';
import { decodeBatch, type Batch } from '../../src/wire/batch.ts';
import type { Algorithm } from '../../src/wire/frame.ts';
import { codeOf } from '../helpers/errors.ts';
import { BATCH_TEXT, goldenFrame, goldenPayload } from '../wire/golden.ts';

const PACK: Record<Algorithm, (raw: Buffer) => Buffer> = {
  none: (raw) => raw,
  gzip: (raw) => gzipSync(raw, { level: 9 }),
  zlib: (raw) => deflateSync(raw, { level: 9 }),
  zstd: (raw) => zstdCompressSync(raw),
};
const ALGORITHMS = ['none', 'gzip', 'zlib', 'zstd'] as const;
const FORMAT_NAMES = ['gzip', 'zstd'] as const;
const PAIRS = FORMAT_NAMES.flatMap((format) => ALGORITHMS.map((algorithm) => ({ format, algorithm })));

/** A batch of this text that checks out, or as changed. */
function batch(algorithm: Algorithm, raw: Buffer | string, changes: Partial<Batch> = {}): Batch {
  const bytes = Buffer.from(raw);
  const count = bytes.toString('latin1').split('\n').length - 1;
  return {
    sequence: 1,
    count,
    rawLength: bytes.length,
    crc: crc32(bytes),
    positions: {},
    algorithm,
    body: PACK[algorithm](bytes),
    ...changes,
  };
}

const check = async (given: Batch, format: FormatName = 'gzip', maxBatchBytes = 1_000_000): Promise<Buffer> =>
  (await checkBatch(given, { format: FORMATS[format], maxBatchBytes, level: 1 })).body;

describe.each(PAIRS)('a batch packed as $algorithm, for a $format archive', ({ algorithm, format }) => {
  test.each([
    ['two entries', BATCH_TEXT],
    ['no entries', ''],
    ['10,000 entries', '{"message":"ünïcode"}\r\n'.repeat(10_000)],
  ])('passes with %s, and its body inflates to them', async (_, text) => {
    const body = await check(batch(algorithm, text), format);
    const raw = await FORMATS[format].inflate(body, { maxBytes: 1_000_000 });
    expect(raw.toString()).toBe(text);
  });

  test.each([
    ['batch_too_large', { rawLength: 1_000_001 }],
    ['batch_too_large', { rawLength: 2 ** 32 - 1 }],
    ['length_mismatch', { rawLength: 15 }],
    ['length_mismatch', { rawLength: 17 }],
    ['length_mismatch', { rawLength: 0 }],
    ['crc_mismatch', { crc: 1 }],
    ['count_mismatch', { count: 1 }],
    ['count_mismatch', { count: 3 }],
  ] as [string, Partial<Batch>][])('is refused as %s when it says %o', async (code, lie) => {
    expect(await codeOf(() => check(batch(algorithm, BATCH_TEXT, lie), format))).toBe(code);
  });

  test.each([
    ['not_utf8', Buffer.from('7b2261223a22ff227d0a', 'hex')],
    ['not_json', '[1]\n'],
    ['not_json', '{"a":1}'],
    ['not_json', '{"a":1}\n\n'],
  ])('is refused as %s when it holds %j', async (code, raw) => {
    expect(await codeOf(() => check(batch(algorithm, raw), format))).toBe(code);
  });
});

test('the size limit holds for the raw bytes, to the byte', async () => {
  const given = batch('gzip', BATCH_TEXT);
  expect(await codeOf(() => check(given, 'gzip', BATCH_TEXT.length))).toBe('no error');
  expect(await codeOf(() => check(given, 'gzip', BATCH_TEXT.length - 1))).toBe('batch_too_large');
});

describe.each(PAIRS.filter(({ algorithm }) => algorithm !== 'none'))(
  'a body packed as $algorithm, for a $format archive, does not pass',
  ({ algorithm, format }) => {
    const refused = (body: Buffer): Promise<unknown> =>
      codeOf(() => check(batch(algorithm, BATCH_TEXT, { body }), format));
    const packed = PACK[algorithm](Buffer.from(BATCH_TEXT));

    test('when it is cut anywhere', async () => {
      for (let length = 0; length < packed.length; length += 1)
        expect(await refused(packed.subarray(0, length)), `cut at ${length}`).toBe('does_not_inflate');
    });

    test('with bytes behind it', async () => {
      expect(await refused(Buffer.concat([packed, Buffer.from('junk')]))).toBe('does_not_inflate');
    });

    test('when it is something else', async () => {
      expect(await refused(Buffer.from(BATCH_TEXT))).toBe('does_not_inflate');
    });

    test('when it is a bomb, and no more than it says is inflated', async () => {
      const bomb = PACK[algorithm](Buffer.alloc(32 * 1024 * 1024, '{}\n'));
      const before = process.memoryUsage().arrayBuffers;
      expect(await codeOf(() => check(batch(algorithm, BATCH_TEXT, { body: bomb }), format))).toBe(
        'length_mismatch',
      );
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4 * 1024 * 1024);
    });
  },
);

describe('what came in the kind of the archive is stored as it came', () => {
  test.each([
    ['gzip', 'gzip', 10, 8],
    ['zlib', 'gzip', 2, 4],
    ['zstd', 'zstd', 0, 0],
  ] as const)('%s in a %s archive: a view of the same bits', async (algorithm, format, head, trailer) => {
    const given = batch(algorithm, BATCH_TEXT);
    const body = await check(given, format);
    expect(body.buffer).toBe(given.body.buffer);
    expect(body.equals(given.body.subarray(head, given.body.length - trailer))).toBe(true);
  });
});

test.each(['BATCH', 'BATCH gzip', 'BATCH zlib', 'BATCH zstd'])('the golden %s passes', async (name) => {
  const given = decodeBatch(goldenFrame(name).algorithm, goldenPayload(name));
  for (const format of FORMAT_NAMES) expect(await codeOf(() => check(given, format))).toBe('no error');
});

test.each([
  ['{"ts":1769860801}\n{"ts":1769860800}\n', { firstMs: 1769860800000, lastMs: 1769860801000 }],
  ['{"ts":1769860801}\n{"a":1}\n', undefined],
])('of %j the range of times is known: %j', async (text, times) => {
  const options = { format: FORMATS.gzip, maxBatchBytes: 1_000_000, level: 1 };
  expect((await checkBatch(batch('gzip', text), options)).times).toEqual(times);
});
