import { readdir } from 'node:fs/promises';
import { encodeBatch, type Encoded } from '../../src/shipper/encode.ts';
import { Spool } from '../../src/shipper/spool/spool.ts';
import type { SpoolOptions } from '../../src/shipper/spool/spool_options.ts';
import { HEADER_BYTES } from '../../src/wire/frame.ts';
import { decodeGap, type Gap } from '../../src/wire/messages.ts';
import { collectLogs, type CollectedLogs } from './logs.ts';

export interface TestSpool {
  readonly spool: Spool;
  readonly logs: CollectedLogs;
}

/** A spool in `folder`, whose epoch is 1 or the one after those in it; 1 GiB, not forced to disk. */
export async function openSpool(folder: string, wishes: Partial<SpoolOptions> = {}): Promise<TestSpool> {
  const logs = collectLogs();
  const spool = await Spool.open({
    folder,
    maxBytes: 1024 ** 3,
    full: 'block',
    fsync: 'never',
    log: logs.log,
    now: () => 1,
    retryAfterMs: 5,
    ...wishes,
  });
  return { spool, logs };
}

/** Batch number `sequence` of `count` entries, about `bytes` long. */
export function spoolBatch(sequence: number, { count = 1, bytes = 0 } = {}): Promise<Encoded> {
  const filler = bytes === 0 ? '' : `,"filler":"${'x'.repeat(Math.floor(bytes / count))}"`;
  const raw = Buffer.from(`{"n":${sequence}${filler}}\n`.repeat(count));
  return encodeBatch({ sequence, count, raw, positions: {} }, 'acked', {
    algorithm: 'none',
    level: 1,
    bypassBelow: 0,
  });
}

/** Appends batches `from` to `to`, and settles when the last is written. */
export async function fill(
  spool: Spool,
  from: number,
  to: number,
  wishes: { count?: number; bytes?: number } = {},
): Promise<void> {
  for (let sequence = from; sequence <= to; sequence += 1)
    await spool.append(await spoolBatch(sequence, wishes));
}

/** Leaves batches `from` to `to` behind, as a run that was killed would. */
export async function leave(
  folder: string,
  from: number,
  to: number,
  wishes: { count?: number; bytes?: number } = {},
  options: Partial<SpoolOptions> = {},
): Promise<number> {
  const { spool } = await openSpool(folder, options);
  await fill(spool, from, to, wishes);
  await spool.close();
  return spool.epoch;
}

export const gapOf = (batch: Encoded): Gap => decodeGap(batch.head.subarray(HEADER_BYTES));

/** What a spool gave for one epoch, as a receiver that insists on its numbers sees it. */
export class Reading {
  readonly sequences: number[] = [];
  readonly gaps: Gap[] = [];
  /** Entries that came. */
  entries = 0;
  #next: number | undefined;

  /** Throws where the number is not the next one. */
  take(batch: Encoded): void {
    const from = batch.gapFrom ?? batch.sequence;
    if (this.#next !== undefined && from !== this.#next)
      throw new Error(`sequence ${from} came where ${this.#next} was next`);
    this.#next = batch.sequence + 1;
    if (batch.gapFrom !== undefined) this.gaps.push(gapOf(batch));
    else this.sequences.push(batch.sequence);
    this.entries += batch.count;
  }

  get lost(): number {
    return this.gaps.reduce((sum, { entries }) => sum + entries, 0);
  }
}

/** Reads an epoch to its end, acknowledging each batch where `acknowledges` says so. */
export async function readEpoch(spool: Spool, epoch: number, acknowledges = false): Promise<Reading> {
  const reading = new Reading();
  for await (const batch of spool.read(epoch)) {
    reading.take(batch);
    if (acknowledges) spool.acknowledged(epoch, batch.sequence);
  }
  return reading;
}

/** The spool files in a folder, sorted. */
export const spoolFiles = async (folder: string): Promise<string[]> =>
  (await readdir(folder)).filter((name) => name.endsWith('.spool')).sort();

/** Numbers `from` to `to`. */
export const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);
