import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FrameDecoder } from '../../src/wire/decoder.ts';
import { encodeFrame, type Frame, type FrameName } from '../../src/wire/frame.ts';
import { WireError } from '../../src/wire/wire_error.ts';
import { GOLDEN } from './golden.ts';

const MIB = 1024 * 1024;
const STREAM = Buffer.concat(GOLDEN.map(({ bytes }) => bytes));
const EXPECTED = GOLDEN.map(({ type, algorithm, bytes }) => ({
  type,
  algorithm,
  payload: bytes.toString('hex', 5),
}));

const shown = ({ type, algorithm, payload }: Frame): object => ({
  type,
  algorithm,
  payload: payload.toString('hex'),
});

interface Decoded {
  readonly frames: object[];
  readonly isMidFrame: boolean;
  readonly error?: WireError;
}

/** What a decoder makes of these chunks: frames, and the WireError that ended them, if one did. Any other error is thrown. */
function decode(chunks: readonly Buffer[], maxFrameBytes = MIB): Decoded {
  const decoder = new FrameDecoder({ maxFrameBytes });
  const frames: object[] = [];
  try {
    for (const chunk of chunks) for (const frame of decoder.push(chunk)) frames.push(shown(frame));
  } catch (error) {
    if (error instanceof WireError) return { frames, isMidFrame: decoder.isMidFrame, error };
    throw error;
  }
  return { frames, isMidFrame: decoder.isMidFrame };
}

const cutAt = (bytes: Buffer, at: number): Buffer[] => [bytes.subarray(0, at), bytes.subarray(at)];
const everyByte = (bytes: Buffer): Buffer[] => [...bytes].map((byte) => Buffer.of(byte));
const offsets = (bytes: Buffer): number[] => Array.from({ length: bytes.length + 1 }, (_, at) => at);

describe.each(GOLDEN)('a golden $name frame', ({ type, algorithm, bytes }) => {
  const frame = { type, algorithm, payload: bytes.toString('hex', 5) };

  test('is read in one piece', () => {
    expect(decode([bytes])).toEqual({ frames: [frame], isMidFrame: false });
  });

  test('is nothing yet when cut at any byte, and the frame once the rest has come', () => {
    for (const at of offsets(bytes).slice(0, -1)) {
      expect(decode([bytes.subarray(0, at)]), `cut at ${at}`).toEqual({ frames: [], isMidFrame: at > 0 });
      expect(decode(cutAt(bytes, at)), `cut at ${at}`).toEqual({ frames: [frame], isMidFrame: false });
    }
  });
});

describe('a stream of all golden frames', () => {
  test('is read in one piece', () =>
    expect(decode([STREAM])).toEqual({ frames: EXPECTED, isMidFrame: false }));

  test('is read byte by byte', () => {
    expect(decode(everyByte(STREAM))).toEqual({ frames: EXPECTED, isMidFrame: false });
  });

  test('is read when cut into two chunks at any offset', () => {
    for (const at of offsets(STREAM))
      expect(decode(cutAt(STREAM, at)).frames, `cut at ${at}`).toEqual(EXPECTED);
  });

  test('is read in chunks of any sizes, empty ones too', () => {
    const cuts = fc.array(fc.integer({ min: 0, max: STREAM.length }), { maxLength: 40 });
    fc.assert(
      fc.property(cuts, (at) => {
        const edges = [0, ...at.sort((a, b) => a - b), STREAM.length];
        const chunks = edges.slice(1).map((edge, index) => STREAM.subarray(edges[index], edge));
        expect(decode(chunks).frames).toEqual(EXPECTED);
      }),
    );
  });
});

describe('bytes that are no frames', () => {
  test('random chunks give frames or a WireError, and nothing else', () => {
    const chunks = fc.array(fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes)));
    fc.assert(
      fc.property(chunks, (given) => {
        const { error } = decode(given, 1024);
        expect([undefined, 'frame_too_large', 'unknown_type', 'bad_algorithm']).toContain(error?.code);
      }),
      { numRuns: 1000 },
    );
  });

  test('golden frames with bytes changed give the same however they are cut', () => {
    const changes = fc.array(fc.tuple(fc.nat(STREAM.length - 1), fc.integer({ min: 0, max: 255 })), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(changes, fc.nat(STREAM.length), (changed, at) => {
        const bytes = Buffer.from(STREAM);
        for (const [offset, value] of changed) bytes[offset] = value;
        const whole = decode([bytes], 4096);
        expect(decode(everyByte(bytes), 4096)).toEqual(whole);
        expect(decode(cutAt(bytes, at), 4096)).toEqual(whole);
      }),
      { numRuns: 500 },
    );
  });

  test('frames before a bad header are given out first', () => {
    const { frames, error } = decode([Buffer.concat([STREAM, Buffer.from('00000000f8', 'hex')])]);
    expect(frames).toEqual(EXPECTED);
    expect(error?.code).toBe('unknown_type');
  });
});

describe('the length of a frame', () => {
  const header = (length: number): Buffer => {
    const bytes = Buffer.alloc(5);
    bytes.writeUInt32BE(length);
    return bytes;
  };

  test('may be the maximum', () => {
    const { frames } = decode([header(1000), Buffer.alloc(1000)], 1000);
    expect(frames).toHaveLength(1);
  });

  test.each([1001, 2 ** 31, 2 ** 32 - 1])(
    'is refused at the header when it is %i of 1000 bytes',
    (length) => {
      const { frames, error } = decode([header(length)], 1000);
      expect(frames).toEqual([]);
      expect(error?.code).toBe('frame_too_large');
      expect(error?.message).toContain('1000');
    },
  );

  test('of a type without entries may be shorter: at the limit it is taken, one past it refused', () => {
    const decoder = (): FrameDecoder => new FrameDecoder({ maxFrameBytes: MIB, maxMessageBytes: 100 });
    const of = (type: FrameName, length: number): Buffer => encodeFrame(type, Buffer.alloc(length));
    for (const type of ['OPEN', 'GAP', 'PING', 'HELLO'] as const) {
      expect([...decoder().push(of(type, 100))]).toHaveLength(1);
      expect(() => [...decoder().push(of(type, 101))]).toThrow('at most 100 are taken');
    }
    for (const type of ['BATCH', 'PLAIN'] as const) {
      expect([...decoder().push(of(type, MIB))]).toHaveLength(1);
      expect(() => [...decoder().push(of(type, MIB + 1))]).toThrow('MAX_FRAME_BYTES');
    }
  });

  test('costs no memory before its bytes arrive', () => {
    const peers = 64;
    const before = process.memoryUsage().arrayBuffers;
    const decoders = Array.from({ length: peers }, () => new FrameDecoder({ maxFrameBytes: 64 * MIB }));
    for (const decoder of decoders) {
      for (const chunk of [header(64 * MIB), Buffer.of(1), Buffer.of(2)])
        expect([...decoder.push(chunk)]).toEqual([]);
    }
    const held = process.memoryUsage().arrayBuffers - before;
    expect(decoders.every(({ isMidFrame }) => isMidFrame)).toBe(true);
    expect(held).toBeLessThan(peers * 256 * 1024);
  });

  test('costs at most about twice what has arrived while it trickles in', () => {
    const before = process.memoryUsage().arrayBuffers;
    const decoder = new FrameDecoder({ maxFrameBytes: 1024 * MIB });
    expect([...decoder.push(header(1024 * MIB))]).toEqual([]);
    const piece = Buffer.alloc(64 * 1024);
    for (let arrived = 0; arrived < 4 * MIB; arrived += piece.length)
      expect([...decoder.push(piece)]).toEqual([]);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(24 * MIB);
    expect(decoder.isMidFrame).toBe(true);
  });
});

test('a payload that arrived whole is a view of the chunk, not a copy', () => {
  const chunk = Buffer.from(STREAM);
  for (const { payload } of new FrameDecoder({ maxFrameBytes: MIB }).push(chunk))
    expect(payload.buffer).toBe(chunk.buffer);
});

test('a payload put together from chunks does not change when the chunks do', () => {
  const chunks = cutAt(Buffer.from(STREAM.subarray(0, 14)), 8);
  const decoder = new FrameDecoder({ maxFrameBytes: MIB });
  const frames = chunks.flatMap((chunk) => [...decoder.push(chunk)]);
  for (const chunk of chunks) chunk.fill(0);
  expect(frames.map(shown)).toEqual(EXPECTED.slice(0, 1));
});
