import { deflateSync, gzipSync, inflateRawSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { inflateBits } from '../../src/wire/codecs.ts';
import { unwrapDeflate } from '../../src/wire/deflate.ts';
import { codeOf } from '../helpers/errors.ts';
import { BATCH_TEXT, goldenPayload } from './golden.ts';

const PACKED = gzipSync(BATCH_TEXT);
const BITS_AND_TRAILER = PACKED.subarray(10);

/** A gzip body whose header has these optional fields (RFC 1952, section 2.3). */
const withHeader = (flags: number, ...fields: Buffer[]): Buffer =>
  Buffer.concat([Buffer.of(0x1f, 0x8b, 8, flags, 1, 2, 3, 4, 0, 3), ...fields, BITS_AND_TRAILER]);

const EXTRA = Buffer.from('0600414202007879', 'hex');
const NAME = Buffer.from('a.log\0');
const COMMENT = Buffer.from('kept\0');
const HCRC = Buffer.of(0xab, 0xcd);

const HEADERS = {
  'no options': withHeader(0),
  'an extra field': withHeader(4, EXTRA),
  'an empty extra field': withHeader(4, Buffer.of(0, 0)),
  'a name': withHeader(8, NAME),
  'an empty name': withHeader(8, Buffer.of(0)),
  'a comment': withHeader(16, COMMENT),
  'a header CRC': withHeader(2, HCRC),
  'the text flag': withHeader(1),
  everything: withHeader(31, EXTRA, NAME, COMMENT, HCRC),
};

describe.each(Object.entries(HEADERS))('a gzip body with %s', (_, body) => {
  test('is taken out of its wrapper', () => {
    expect(inflateRawSync(unwrapDeflate('gzip', body)).toString()).toBe(BATCH_TEXT);
  });

  test('is refused when it is cut at any byte', async () => {
    for (let length = 0; length < body.length; length += 1) {
      const inflated = async (): Promise<Buffer> =>
        inflateBits(unwrapDeflate('gzip', body.subarray(0, length)), { maxBytes: 1000 });
      expect(await codeOf(inflated), `cut at ${length}`).toBe('does_not_inflate');
    }
  });
});

describe('a zlib body', () => {
  test('is taken out of its wrapper', () => {
    expect(inflateRawSync(unwrapDeflate('zlib', goldenPayload('BATCH zlib').subarray(24))).toString()).toBe(
      BATCH_TEXT,
    );
  });

  test.each([1, 6, 9])('of level %i is taken out of its wrapper', (level) => {
    expect(inflateRawSync(unwrapDeflate('zlib', deflateSync(BATCH_TEXT, { level }))).toString()).toBe(
      BATCH_TEXT,
    );
  });

  test('is refused when it is cut at any byte', async () => {
    const body = deflateSync(BATCH_TEXT);
    for (let length = 0; length < body.length; length += 1) {
      const inflated = async (): Promise<Buffer> =>
        inflateBits(unwrapDeflate('zlib', body.subarray(0, length)), { maxBytes: 1000 });
      expect(await codeOf(inflated), `cut at ${length}`).toBe('does_not_inflate');
    }
  });

  test.each([
    ['wants a dictionary', deflateSync(BATCH_TEXT, { dictionary: Buffer.from('{"a":1}') })],
    ['has another method', Buffer.concat([Buffer.of(0x77, 0x85), deflateSync(BATCH_TEXT).subarray(2)])],
    ['has a wrong header check', Buffer.concat([Buffer.of(0x78, 0x9d), deflateSync(BATCH_TEXT).subarray(2)])],
    ['is gzip', PACKED],
  ])('is refused when it %s', async (_, body) => {
    expect(await codeOf(() => unwrapDeflate('zlib', body))).toBe('does_not_inflate');
  });
});

describe('a gzip body does not pass', () => {
  const refused = async (body: Buffer): Promise<unknown> =>
    codeOf(async () => inflateBits(unwrapDeflate('gzip', body), { maxBytes: 1000 }));

  test.each([
    ['with a second member behind it', Buffer.concat([PACKED, gzipSync('{"more":1}\n')])],
    ['with an empty member behind it', Buffer.concat([PACKED, gzipSync('')])],
    ['with junk behind it', Buffer.concat([PACKED, Buffer.from('junk')])],
    ['with a zero behind it', Buffer.concat([PACKED, Buffer.of(0)])],
    ['with another method', Buffer.concat([Buffer.of(0x1f, 0x8b, 7), PACKED.subarray(3)])],
    ['when it is zlib', deflateSync(BATCH_TEXT)],
    ['when an extra field is longer than it', withHeader(4, Buffer.of(0xff, 0xff))],
    ['when its name does not end', withHeader(8, Buffer.alloc(0)).subarray(0, 12)],
  ])('%s', async (_, body) => {
    expect(await refused(body)).toBe('does_not_inflate');
  });
});
