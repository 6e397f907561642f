/**
 * Deletes what all groups of workers have written out from a partition. The last of it stays for as long as NATS remembers
 * message ids; and before the last message of a shipper goes, the bucket knows where the shipper stands after it.
 */
import { LOCAL_SHIPPER_PREFIX } from '../archive/block.ts';
import type { Bucket } from './bucket.ts';
import type { Nats } from './connection.ts';
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

export class Trimmer {
  readonly #options: TrimmerOptions;
  /** By partition, oldest first; all but the first are younger than `keepMs`. */
  readonly #marks = new Map<number, Mark[]>();

  constructor(options: TrimmerOptions) {
    this.#options = options;
  }

  /** Deletes what may go by now; the answer is how many messages. Rejects where NATS does not answer. */
  async trim(partition: number): Promise<number> {
    const { nats, bucket, names } = this.#options;
    const stream = streamOf(names.stream, partition);
    const { state } = await nats.ask(() => nats.manager.streams.info(stream));
    const old = this.#oldAt(partition, state.last_seq);
    const written = (await ledgersOf(bucket, partition)).map(writtenOut);
    const least = Math.min(old, ...written);
    if (written.length === 0 || state.messages === 0 || least < state.first_seq) return 0;
    const upTo = await this.#keepPlaces(stream, state.first_seq, least);
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

  /** Sees to it that the bucket counts in all messages up to `to`, or the first of them; the answer is up to which. */
  async #keepPlaces(stream: string, from: number, to: number): Promise<number> {
    await using reader = new PartitionReader({ ...this.#options, stream, from, isHeadersOnly: true });
    const lastOf = new Map<string, number>();
    let upTo = from - 1;
    for (let count = 0; upTo < to && count < AT_MOST;) {
      const stretch = await reader.next();
      for (const { subject, sequence } of stretch.messages) if (sequence <= to) lastOf.set(subject, sequence);
      count += stretch.messages.length;
      upTo = Math.min(to, stretch.to);
    }
    for (const [subject, last] of lastOf) await this.#keepPlace(subject, last);
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
