/**
 * One frame of each type, byte for byte, written down here and not made by the encoder. What is compressed was
 * compressed by other programs (gzip -n, Python's zlib, zstd -1). docs/PROTOCOL.md shows the same bytes.
 */
import type { Algorithm, FrameName } from '../../src/wire/frame.ts';

const hex = (bytes: string): Buffer => Buffer.from(bytes.replaceAll(' ', ''), 'hex');
const text = (chars: string): Buffer => Buffer.from(chars, 'latin1');

export interface GoldenFrame {
  /** Its name in docs/PROTOCOL.md. */
  readonly name: string;
  readonly type: FrameName;
  readonly algorithm: Algorithm;
  readonly bytes: Buffer;
}

const golden = (name: string, type: FrameName, algorithm: Algorithm, ...pieces: Buffer[]): GoldenFrame => ({
  name,
  type,
  algorithm,
  bytes: Buffer.concat(pieces),
});

export const PLAIN_TEXT = '[{"a":1}]';
export const BATCH_TEXT = '{"a":1}\n{"b":2}\n';
export const POSITION_HEAD = 'de9ce9008704dd0aa575b07196e92a96935fdcef06f97988cf5e2eb7a9b26b62';

const WELCOME =
  '{"version":1,"algorithms":["none","gzip","zlib","zstd"],"maxFrameBytes":16777216,"maxBatchBytes":33554432,"tokenWanted":false}';
const POSITIONS = `{"a.log":{"offset":16,"head":"${POSITION_HEAD}","headBytes":4}}`;

export const GOLDEN: readonly GoldenFrame[] = [
  golden('PLAIN', 'PLAIN', 'none', hex('00 00 00 09 00'), text(PLAIN_TEXT)),
  golden(
    'PLAIN gzip',
    'PLAIN',
    'gzip',
    hex('00 00 00 1d 03'),
    hex('1f 8b 08 00 00 00 00 00 00 03 8b ae 56 4a 54 b2 32 ac 8d 05 00 7d 73 cb f2 09 00 00 00'),
  ),
  golden(
    'PLAIN zlib',
    'PLAIN',
    'zlib',
    hex('00 00 00 11 05'),
    hex('78 9c 8b ae 56 4a 54 b2 32 ac 8d 05 00 0d c4 02 c1'),
  ),
  golden('HELLO', 'HELLO', 'none', hex('00 00 00 02 08'), text('[]')),
  golden('WELCOME', 'WELCOME', 'none', hex('00 00 00 7e 10'), text(WELCOME)),
  golden('OPEN', 'OPEN', 'none', hex('00 00 00 2b 18'), text('{"shipperId":"web-1","epoch":1700000000000}')),
  golden(
    'READY',
    'READY',
    'none',
    hex('00 00 00 49 20'),
    text('{"epoch":1700000000000,"sequence":7,"positions":{},"windowBytes":4194304}'),
  ),
  golden(
    'BATCH',
    'BATCH',
    'none',
    hex('00 00 00 97 28'),
    hex('00 00 00 00 00 00 00 08 00 00 00 02 00 00 00 10 9f ce b2 c8 00 00 00 6f'),
    text(POSITIONS),
    text(BATCH_TEXT),
  ),
  golden(
    'BATCH gzip',
    'BATCH',
    'gzip',
    hex('00 00 00 3c 2b'),
    hex('00 00 00 00 00 00 00 09 00 00 00 02 00 00 00 10 9f ce b2 c8 00 00 00 00'),
    hex('1f 8b 08 00 00 00 00 00 00 03 ab 56 4a 54 b2 32 ac e5 aa 56 4a 52 b2 32 aa e5 02 00'),
    hex('c8 b2 ce 9f 10 00 00 00'),
  ),
  golden(
    'BATCH zlib',
    'BATCH',
    'zlib',
    hex('00 00 00 30 2d'),
    hex('00 00 00 00 00 00 00 0a 00 00 00 02 00 00 00 10 9f ce b2 c8 00 00 00 00'),
    hex('78 9c ab 56 4a 54 b2 32 ac e5 aa 56 4a 52 b2 32 aa e5 02 00 25 13 04 27'),
  ),
  golden(
    'BATCH zstd',
    'BATCH',
    'zstd',
    hex('00 00 00 35 2f'),
    hex('00 00 00 00 00 00 00 0b 00 00 00 02 00 00 00 10 9f ce b2 c8 00 00 00 00'),
    hex('28 b5 2f fd 04 48 81 00 00'),
    text(BATCH_TEXT),
    hex('13 47 4c 48'),
  ),
  golden('ACK', 'ACK', 'none', hex('00 00 00 0c 30'), hex('00 00 00 00 00 00 00 08 00 40 00 00')),
  golden(
    'REJECT',
    'REJECT',
    'none',
    hex('00 00 00 57 38'),
    text('{"sequence":8,"code":"crc_mismatch","reason":"batch 8 has another CRC-32 than it says"}'),
  ),
  golden(
    'ERROR',
    'ERROR',
    'none',
    hex('00 00 00 49 40'),
    text('{"code":"sequence_gap","reason":"batch 9 of web-1 came where 8 was next"}'),
  ),
  golden('PING', 'PING', 'none', hex('00 00 00 00 48')),
  golden('PONG', 'PONG', 'none', hex('00 00 00 00 50')),
  golden('BYE', 'BYE', 'none', hex('00 00 00 15 58'), text('{"returnAfterMs":500}')),
  golden(
    'GAP',
    'GAP',
    'none',
    hex('00 00 00 35 60'),
    text('{"from":8,"to":9,"entries":120,"reason":"spool full"}'),
  ),
];

/** The golden frame of that name. */
export function goldenFrame(name: string): GoldenFrame {
  const found = GOLDEN.find((frame) => frame.name === name);
  if (found === undefined) throw new Error(`there is no golden frame ${name}`);
  return found;
}

/** What follows its header. */
export const goldenPayload = (name: string): Buffer => goldenFrame(name).bytes.subarray(5);
