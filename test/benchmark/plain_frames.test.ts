import { gunzipSync, inflateSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { plainFrames } from '../../benchmark/plain_frames.ts';

test.each([
  { algorithm: 'none', flags: 0, unpack: (payload: Buffer) => payload },
  { algorithm: 'gzip', flags: 3, unpack: (payload: Buffer) => gunzipSync(payload) },
  { algorithm: 'zlib', flags: 5, unpack: (payload: Buffer) => inflateSync(payload) },
] as const)(
  '$algorithm: length, flags, a JSON array of entries of 120 bytes',
  ({ algorithm, flags, unpack }) => {
    const frames = plainFrames(algorithm, { count: 20, size: 50, seed: 1 });
    const texts = frames.map((frame) => {
      expect(frame.readUInt32BE(0)).toBe(frame.length - 5);
      expect(frame[4]).toBe(flags);
      return unpack(frame.subarray(5)).toString();
    });
    const entries = texts.flatMap((text) => JSON.parse(text) as { n: number }[]);
    expect(entries.map(({ n }) => n)).toEqual(Array.from({ length: 1000 }, (_, n) => n + 1));
    expect(texts.join('').length / 1000).toBeGreaterThan(115);
    expect(texts.join('').length / 1000).toBeLessThan(125);
  },
);
