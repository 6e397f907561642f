import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { sealHeader } from '../../src/archive/block.ts';
import { FORMATS, decodeHead, inflateBody } from '../../src/archive/format.ts';
import { makeBlock, memberBytes, numberedLines } from '../helpers/blocks.ts';
import { codeOf } from '../helpers/errors.ts';

const TEXT = numberedLines('a', 1, 3);

describe.each(['gzip', 'zstd'] as const)('a %s block', (name) => {
  const format = FORMATS[name];
  const member = async (): Promise<Buffer> =>
    memberBytes(await makeBlock({ format: name, text: TEXT, sequence: 7 }), 42, name);

  /** Every body a decoder may meet in a segment; its header is that of `bytes`. */
  async function read(bytes: Buffer): Promise<string> {
    const head = decodeHead(format, bytes);
    if (head === undefined) throw new Error('the header is not whole');
    return (await inflateBody(format, head.header, bytes.subarray(head.headBytes))).toString();
  }

  test('is read as it was made', async () => {
    const bytes = await member();
    expect(decodeHead(format, bytes)?.header).toMatchObject({
      sequence: 7,
      count: 3,
      memberLength: bytes.length,
      durableBytes: 42,
    });
    expect(await read(bytes)).toBe(TEXT);
  });

  test('begins with the bytes that a search looks for', async () => {
    expect((await member()).indexOf(format.magic)).toBe(0);
  });

  test('is not there yet while its header is cut', async () => {
    const bytes = await member();
    const headBytes = decodeHead(format, bytes)?.headBytes ?? 0;
    expect(headBytes).toBeGreaterThan(60);
    for (let length = 0; length < headBytes; length += 1)
      expect(decodeHead(format, bytes.subarray(0, length)), `cut at ${length}`).toBeUndefined();
  });

  test('is damaged when any byte of its body or trailer is another', async () => {
    const bytes = await member();
    const headBytes = decodeHead(format, bytes)?.headBytes ?? 0;
    const unnoticed: number[] = [];
    for (let at = headBytes; at < bytes.length; at += 1) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8(changed.readUInt8(at) ^ 0xff, at);
      const code = await codeOf(() => read(changed));
      if (code !== 'damaged') unnoticed.push(at);
    }
    expect(unnoticed).toEqual([]);
  });

  test('is damaged when its lead is that of something else', async () => {
    const bytes = await member();
    expect(await codeOf(() => decodeHead(format, Buffer.concat([Buffer.of(0), bytes])))).toBe('damaged');
    expect(await codeOf(() => decodeHead(format, Buffer.from(TEXT)))).toBe('damaged');
  });

  test('that says it is shorter than its header is damaged', async () => {
    const bytes = await member();
    const headBytes = decodeHead(format, bytes)?.headBytes ?? 0;
    sealHeader(bytes.subarray(format.leadBytes, headBytes), headBytes - 1, 0);
    expect(await codeOf(() => decodeHead(format, bytes))).toBe('damaged');
  });

  test('of no entries is read as no bytes', async () => {
    const block = await makeBlock({ format: name, text: '', gap: { from: 1, entries: 2, reason: 'x' } });
    expect(await read(memberBytes(block, 0, name))).toBe('');
  });
});

describe.each([
  ['count and length are those of other entries', { rawLength: 10 }],
  ['its CRC-32 is that of other entries', { crc: 1 }],
])('a block whose header says that %s', (_, lie) => {
  test.each(['gzip', 'zstd'] as const)('is damaged as %s', async (name) => {
    const bytes = memberBytes(await makeBlock({ format: name, text: TEXT, ...lie }), 0, name);
    const head = decodeHead(FORMATS[name], bytes);
    const read = async (): Promise<unknown> =>
      head && inflateBody(FORMATS[name], head.header, bytes.subarray(head.headBytes));
    expect(await codeOf(read)).toBe('damaged');
  });
});

test('a gzip block is a gzip member to node:zlib, and several in a row are one file', async () => {
  const bytes = memberBytes(await makeBlock({ text: TEXT }));
  expect(gunzipSync(bytes).toString()).toBe(TEXT);
  expect(gunzipSync(Buffer.concat([bytes, bytes])).toString()).toBe(TEXT + TEXT);
});

test('the modification time of a gzip member is when its block was received', async () => {
  const bytes = memberBytes(await makeBlock({ receivedAtMs: 1_700_000_000_999 }));
  expect(bytes.readUInt32LE(4)).toBe(1_700_000_000);
});

test('a zstd block is a skippable frame, which node:zlib passes over, and a zstd frame', async () => {
  const bytes = memberBytes(await makeBlock({ format: 'zstd', text: TEXT }), 0, 'zstd');
  expect(bytes.toString('hex', 0, 4)).toBe('502a4d18');
  const frameAt = 8 + bytes.readUInt32LE(4);
  expect(zstdDecompressSync(bytes.subarray(frameAt)).toString()).toBe(TEXT);
});
