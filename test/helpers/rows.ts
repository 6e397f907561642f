import { rowsOf } from '../../src/outputs/rows.ts';
import type { Rows } from '../../src/outputs/output.ts';
import type { ReadBlock } from '../../src/archive/follow.ts';
import { EPOCH, RECEIVED_AT_MS } from './blocks.ts';

/** A block of these lines, as a follower reads it. */
export function blockOf(
  lines: readonly string[],
  shipperId = 'web-1',
  receivedAtMs = RECEIVED_AT_MS,
): ReadBlock {
  const raw = Buffer.from(lines.map((line) => `${line}\n`).join(''));
  const header = {
    shipperId,
    epoch: EPOCH,
    sequence: 1,
    receivedAtMs,
    count: lines.length,
    rawLength: raw.length,
    crc: 0,
    positions: {},
    memberLength: 0,
    durableBytes: 0,
  };
  return { header, position: { segment: 'logs_20260131_120000.jsonl.gz', offset: 0 }, raw };
}

/** The rows of these entries. */
export const rowsFrom = (entries: readonly object[], shipperId?: string, receivedAtMs?: number): Rows =>
  rowsOf(
    blockOf(
      entries.map((entry) => JSON.stringify(entry)),
      shipperId,
      receivedAtMs,
    ),
  ).rows;
