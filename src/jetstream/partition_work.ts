/** Writes a partition out: what is left to this worker of it, and what it holds. */
import { setTimeout as delay } from 'node:timers/promises';
import { backoffMs } from '../base/backoff.ts';
import type { Nats } from './connection.ts';
import { PartitionLost, type HeldPartition } from './held_partition.ts';
import { PartitionReader, type Stretch } from './partition_reader.ts';
import type { PlaceStore } from './place_store.ts';
import { StreamBlocks } from './stream_blocks.ts';
import type { WorkReport } from './work_report.ts';
import type { WorkTarget } from './work_target.ts';
import type { LeftRange } from './work_ledger.ts';

export interface PartitionOptions {
  readonly nats: Nats;
  readonly places: PlaceStore;
  readonly target: WorkTarget;
  readonly partition: number;
  readonly stream: string;
  readonly report: WorkReport;
  /** Take nothing new: what is reserved by then is finished. */
  readonly signal: AbortSignal;
}

const BACKOFF = { firstMs: 100, maxMs: 2000 };

/**
 * Writes what comes until the signal aborts, and then what is reserved. What NATS or the target fail to do is tried again until
 * then. Rejects with PartitionLost.
 */
export async function writePartition(held: HeldPartition, options: PartitionOptions): Promise<void> {
  await using reader = new PartitionReader({ ...options, from: held.written + 1 });
  const writer = new StretchWriter(options);
  while (!options.signal.aborted || held.written < held.taken) {
    const read = await persist(options, () => reader.next(options.signal));
    if (read === undefined) return;
    const stretch = options.signal.aborted ? upTo(read, held.taken) : read;
    const isEmpty = stretch.to < stretch.from;
    if (isEmpty && options.signal.aborted) return;
    if (isEmpty) continue;
    if (!(await persisted(options, () => held.reserve(stretch.to)))) return;
    if (!(await writer.write(stretch))) return;
    held.wrote(stretch.to);
  }
}

/** Writes the messages of a range; the answer is true where all of them are, false where the signal aborted before. */
export async function writeRange({ from, to }: LeftRange, options: PartitionOptions): Promise<boolean> {
  await using reader = new PartitionReader({ ...options, from });
  const writer = new StretchWriter(options);
  for (let written = from - 1; written < to;) {
    const read = await persist(options, () => reader.next(options.signal));
    if (read === undefined || options.signal.aborted) return false;
    const stretch = upTo(read, to);
    if (!(await writer.write(stretch))) return false;
    written = stretch.to;
  }
  return true;
}

class StretchWriter {
  readonly #options: PartitionOptions;
  readonly #blocks: StreamBlocks;

  constructor(options: PartitionOptions) {
    const { places, report, stream } = options;
    this.#options = options;
    this.#blocks = new StreamBlocks(places, (sequence, reason) => report.refused(stream, sequence, reason));
  }

  /** Settles with true when the target has the stretch, with false where the signal aborted before. */
  async write({ from, to, missing, messages }: Stretch): Promise<boolean> {
    const { target, stream, report, partition } = this.#options;
    const blocks = await persist(this.#options, () => this.#blocks.of(messages));
    if (blocks === undefined) return false;
    const isWritten =
      blocks.length === 0 || (await persisted(this.#options, () => target.write(stream, blocks)));
    if (!isWritten) return false;
    if (missing > 0) report.missing(partition, { from, to, count: missing });
    report.wrote(blocks);
    return true;
  }
}

/** Without what is behind `to`. */
function upTo(stretch: Stretch, to: number): Stretch {
  if (stretch.to <= to) return stretch;
  const messages = stretch.messages.filter(({ sequence }) => sequence <= to);
  return { ...stretch, to, messages, missing: to - stretch.from + 1 - messages.length };
}

/** True when `work` has settled. */
const persisted = async (options: PartitionOptions, work: () => Promise<void>): Promise<boolean> =>
  (await persist(options, () => work().then(() => true))) === true;

/** What `work` settles with, as soon as it does not fail; undefined where the signal aborts before. Rejects with PartitionLost alone. */
async function persist<T>(
  { signal, report, partition }: PartitionOptions,
  work: () => Promise<T>,
): Promise<T | undefined> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      const result = await work();
      report.works(`partition ${partition}`);
      return result;
    } catch (error) {
      if (error instanceof PartitionLost) throw error;
      report.fails(`partition ${partition}`, error as Error);
      if (signal.aborted) return undefined;
      await delay(backoffMs(attempt, BACKOFF, Math.random()), undefined, { signal }).catch(() => undefined);
    }
  }
}
