/** Random conversations with a receiver: honest frames, lying ones, noise, and how they are cut on the way. */
import { gzipSync, deflateSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { HELLO, batchFrame, frame, openFrame, typed } from './raw_peer.ts';

const BODIES = {
  none: (raw: Buffer) => raw,
  gzip: gzipSync,
  zlib: deflateSync,
  zstd: zstdCompressSync,
} as const;

const text = fc.oneof(
  fc.array(fc.json(), { maxLength: 4 }).map((values) => values.map((value) => `{"v":${value}}\n`).join('')),
  fc.string({ maxLength: 40 }),
);

const small = fc.integer({ min: 0, max: 4 });
const number32 = fc.oneof(small, fc.integer({ min: 0, max: 2 ** 32 - 1 }));

/** What a batch says of itself, now and then untrue. */
const lies = fc.record(
  { count: number32, rawLength: number32, crc: number32, positionsLength: number32 },
  { requiredKeys: [] },
);

const batch = fc
  .record({
    sequence: fc.oneof({ weight: 5, arbitrary: small }, { weight: 1, arbitrary: fc.maxSafeNat() }),
    text,
    algorithm: fc.constantFrom('none', 'gzip', 'zlib', 'zstd'),
    lies: fc.option(lies, { freq: 3, nil: {} }),
    positions: fc.constantFrom('', '{}', '{"f":{"offset":3}}', '[', '{"f":null}'),
  })
  .map(({ lies: untrue, ...honest }) => {
    const body = BODIES[honest.algorithm](Buffer.from(honest.text));
    return batchFrame({ ...honest, ...untrue, body });
  });

const gap = fc
  .record({ from: small, to: small, entries: small, reason: fc.string({ maxLength: 10 }) })
  .map((said) => typed('GAP', JSON.stringify(said)));

const ids = fc.constantFrom('fuzz-1', 'fuzz-2', 'fuzz-3', '@plain', '', 'x'.repeat(129));
const open = fc.tuple(ids, fc.option(fc.nat({ max: 3 }))).map(([id, epoch]) => openFrame(id, epoch));

const plain = fc.tuple(fc.constantFrom(0, 3, 5), fc.json()).map(([flags, value]) => {
  const raw = Buffer.from(`[{"v":${value}}]`);
  return frame(flags, flags === 3 ? gzipSync(raw) : flags === 5 ? deflateSync(raw) : raw);
});

const noise = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes));
const anyFrame = fc.tuple(fc.nat({ max: 255 }), noise).map(([flags, payload]) => frame(flags, payload));
const lyingLength = fc
  .tuple(fc.nat({ max: 255 }), noise, number32)
  .map(([flags, payload, length]) => frame(flags, payload, length));

const said = fc.oneof(
  { weight: 6, arbitrary: batch },
  { weight: 2, arbitrary: gap },
  { weight: 2, arbitrary: plain },
  { weight: 1, arbitrary: open },
  { weight: 1, arbitrary: fc.constantFrom(HELLO, typed('PING', 'p'), typed('PONG'), typed('BYE')) },
  { weight: 1, arbitrary: anyFrame },
  { weight: 1, arbitrary: lyingLength },
  { weight: 1, arbitrary: noise },
);

/** Bytes a peer sends: most greet and open first. */
const conversation = fc
  .tuple(
    fc.oneof(
      { weight: 5, arbitrary: open.map((opening) => [HELLO, opening]) },
      { weight: 3, arbitrary: fc.constant([]) },
    ),
    fc.array(said, { maxLength: 12 }),
    fc.option(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { freq: 4 }),
  )
  .map(([greeting, frames, flip]) => {
    const bytes = Buffer.concat([...greeting, ...frames]);
    if (flip !== null && bytes.length > 0) bytes.writeUInt8(flip[1], flip[0] % bytes.length);
    return bytes;
  });

export interface Conversation {
  readonly bytes: Buffer;
  /** The bytes as they go out. */
  readonly pieces: Buffer[];
  /** True where the peer vanishes in the end rather than closes. */
  readonly isReset: boolean;
}

export const conversations: fc.Arbitrary<Conversation> = fc
  .tuple(conversation, fc.array(fc.nat({ max: 200 }), { maxLength: 8 }), fc.boolean())
  .map(([bytes, cuts, isReset]) => ({ bytes, pieces: cutAt(bytes, cuts), isReset }));

/** `bytes` in pieces of these lengths, the rest as one. */
export function cutAt(bytes: Buffer, lengths: readonly number[]): Buffer[] {
  const pieces: Buffer[] = [];
  let at = 0;
  for (const length of lengths) pieces.push(bytes.subarray(at, (at += length)));
  pieces.push(bytes.subarray(at));
  return pieces.filter((piece) => piece.length > 0);
}

export type Mutation = { readonly at: number; readonly take: number; readonly put: Uint8Array };

/** In place of `take` bytes at a place, others. */
export const mutations: fc.Arbitrary<Mutation[]> = fc.array(
  fc.record({
    at: fc.nat(),
    take: fc.oneof(fc.constant(0), fc.constant(1), fc.nat({ max: 200 })),
    put: fc.oneof(
      fc.constant(new Uint8Array(0)),
      fc.uint8Array({ minLength: 1, maxLength: 1 }),
      fc.uint8Array({ maxLength: 60 }),
    ),
  }),
  { minLength: 1, maxLength: 4 },
);

export function mutate(bytes: Buffer, changes: readonly Mutation[]): Buffer {
  let mutated = bytes;
  for (const { at, take, put } of changes) {
    const place = mutated.length === 0 ? 0 : at % mutated.length;
    mutated = Buffer.concat([mutated.subarray(0, place), put, mutated.subarray(place + take)]);
  }
  return mutated;
}
