/**
 * Deletes what all groups of workers have written out from a partition. The last of it stays for as long as NATS remembers
 * message ids; and before the last message of a shipper goes, the bucket knows where the shipper stands after it.
 */
import { LOCAL_SHIPPER_PREFIX } from '../archive/block.ts';
import type { Bucket } from './bucket.ts';
import type { Nats } from './connection.ts';
import { expectWhole } from './expect_whole.ts';
import { streamOf, textOf } from './names.ts';
import { PartitionReader } from './partition_reader.ts';
import type { PlaceStore } from './place_store.ts';
import { ShipperMessages, type StreamNames } from './shipper_messages.ts';
import { ledgersOf } from './work_group.ts';
import { writtenOut } from './work_ledger.ts';

export interface TrimmerOptions {
  readonly nats: Nats;
  readonly bucket: Bucket;
  readonly places: PlaceStore;
  readonly names: StreamNames;
  /** How long messages stay at least, by this process's own clock. */
  readonly keepMs: number;
  readonly now?: () => number;
}

/** At one time the stream's last message had this sequence. */
interface Mark {
  readonly atMs: number;
  readonly last: number;
}

/** How many are kept: so much later than it might a message goes at worst. */
const MARKS = 20;

/** What one trim deletes at most. */
const AT_MOST = 50_000;

/** Shippers asked for at once: each waits for a server. */
const AT_ONCE = 32;

export class Trimmer {
  readonly #options: TrimmerOptions;
  /** By partition, oldest first; all but the first are younger than `keepMs`. */
  readonly #marks = new Map<number, Mark[]>();

  constructor(options: TrimmerOptions) {
    this.#options = options;
  }

  /**
   * Deletes what may go by now; the answer is how many messages. The signal ends it, with nothing
   * deleted. Rejects where NATS does not answer, and where the stream is not whole.
   */
  async trim(partition: number, signal?: AbortSignal): Promise<number> {
    const { nats, bucket, names } = this.#options;
    const stream = streamOf(names.stream, partition);
    const ledgers = await ledgersOf(bucket, partition);
    const { state } = await nats.ask(() => nats.manager.streams.info(stream));
    expectWhole(stream, state.last_seq, Math.max(0, ...ledgers.map(({ taken }) => taken)));
    const old = this.#oldAt(partition, state.last_seq);
    const least = Math.min(old, ...ledgers.map(writtenOut));
    if (ledgers.length === 0 || state.messages === 0 || least < state.first_seq) return 0;
    const upTo = await this.#keepPlaces(stream, state.first_seq, least, signal);
    const { purged } = await nats.ask(() => nats.manager.streams.purge(stream, { seq: upTo + 1 }));
    return purged;
  }

  /** The last message that is older than `keepMs` for certain; 0 for none. */
  #oldAt(partition: number, last: number): number {
    const { keepMs, now = () => performance.now() } = this.#options;
    const known = this.#marks.get(partition) ?? [];
    const isDue = now() - (known.at(-1)?.atMs ?? -Infinity) >= keepMs / MARKS;
    const marks = isDue ? [...known, { atMs: now(), last }] : known;
    const oldest = marks.findLastIndex(({ atMs }) => now() - atMs >= keepMs);
    this.#marks.set(partition, oldest === -1 ? marks : marks.slice(oldest));
    return oldest === -1 ? 0 : (marks[oldest]?.last ?? 0);
  }

  /** Sees to it that the bucket counts in all messages up to `to`, or the first of them; the answer is up to which: to none where the signal aborts. */
  async #keepPlaces(stream: string, from: number, to: number, signal?: AbortSignal): Promise<number> {
    await using reader = new PartitionReader({ ...this.#options, stream, from, isHeadersOnly: true });
    const lastOf = new Map<string, number>();
    let upTo = from - 1;
    for (let count = 0; upTo < to && count < AT_MOST;) {
      if (signal?.aborted === true) return from - 1;
      const stretch = await reader.next(signal);
      for (const { subject, sequence } of stretch.messages) if (sequence <= to) lastOf.set(subject, sequence);
      count += stretch.messages.length;
      upTo = Math.min(to, stretch.to);
    }
    const all = [...lastOf];
    for (let begin = 0; begin < all.length; begin += AT_ONCE) {
      if (signal?.aborted === true) return from - 1;
      const some = all.slice(begin, begin + AT_ONCE);
      await Promise.all(some.map(([subject, last]) => this.#keepPlace(subject, last)));
    }
    return upTo;
  }

  async #keepPlace(subject: string, last: number): Promise<void> {
    const { names, nats, places } = this.#options;
    const shipperId = textOf(subject.slice(subject.lastIndexOf('.') + 1));
    if (shipperId.startsWith(LOCAL_SHIPPER_PREFIX)) return;
    for (;;) {
      const entry = await places.load(shipperId);
      if (entry !== undefined && entry.state.at >= last) return;
      const { state } = await new ShipperMessages(shipperId, names, nats, places).read();
      if ((await places.save(shipperId, state, entry?.revision ?? 0)) !== undefined) return;
    }
  }
}
