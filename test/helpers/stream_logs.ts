/** Logs on a real NATS server, and what their streams hold. */
import { setTimeout as delay } from 'node:timers/promises';
import {
  JetStreamLog,
  type JetStreamLogOptions,
  type JetStreamReport,
} from '../../src/jetstream/jetstream_log.ts';
import { decodeBlock, isClaim } from '../../src/jetstream/block_message.ts';
import { connectNats, type NatsOptions } from '../../src/jetstream/connection.ts';
import { Bucket } from '../../src/jetstream/bucket.ts';
import { bucketOf, streamOf } from '../../src/jetstream/names.ts';
import { PlaceStore } from '../../src/jetstream/place_store.ts';
import type { StreamSettings } from '../../src/jetstream/streams.ts';
import { Trimmer } from '../../src/jetstream/trimmer.ts';
import { WorkGroup } from '../../src/jetstream/work_group.ts';
import { newLedger } from '../../src/jetstream/work_ledger.ts';
import type { BlockHeader } from '../../src/archive/block.ts';

export interface LogWishes {
  readonly nats?: Partial<NatsOptions>;
  readonly streams?: Partial<StreamSettings>;
  readonly report?: JetStreamReport;
}

/** What a log is opened with: streams of this name, small ones, on the server at `url`. */
export const logOptions = (url: string, stream: string, wishes: LogWishes = {}): JetStreamLogOptions => ({
  nats: { servers: [url], name: 'test', ...wishes.nats },
  streams: {
    stream,
    partitions: 2,
    replicas: 1,
    maxBytes: 256 * 1024 * 1024,
    maxAgeMs: 0,
    duplicateWindowMs: 120_000,
    ...wishes.streams,
  },
  format: 'gzip',
  ...(wishes.report === undefined ? {} : { report: wishes.report }),
});

export const openLog = (url: string, stream: string, wishes?: LogWishes): Promise<JetStreamLog> =>
  JetStreamLog.open(logOptions(url, stream, wishes));

/** The headers of all blocks in the partitions of a stream, each partition in its order. */
export async function blocksIn(url: string, stream: string, partitions = 2): Promise<BlockHeader[]> {
  await using nats = await connectNats({ servers: [url], name: 'look' });
  const found: BlockHeader[] = [];
  for (let partition = 0; partition < partitions; partition += 1) {
    const name = streamOf(stream, partition);
    const { state } = await nats.manager.streams.info(name);
    for (let seq = Math.max(1, state.first_seq); seq <= state.last_seq; seq += 1) {
      const message = await nats.manager.streams.getMessage(name, { seq });
      if (message !== null && !isClaim(message.data))
        found.push(decodeBlock(Buffer.from(message.data)).header);
    }
  }
  return found;
}

/** The sequences of a shipper's blocks, in the order of the stream. */
export async function sequencesOf(url: string, stream: string, shipperId: string): Promise<number[]> {
  const blocks = await blocksIn(url, stream);
  return blocks.filter((block) => block.shipperId === shipperId).map(({ sequence }) => sequence);
}

/** Deletes all messages of a stream's partitions, as workers do with what is written out. */
export async function trimAll(url: string, stream: string, partitions = 2): Promise<void> {
  await using nats = await connectNats({ servers: [url], name: 'trim' });
  for (let partition = 0; partition < partitions; partition += 1)
    await nats.manager.streams.purge(streamOf(stream, partition));
}

/** Lets the window of ids pass, and deletes what came before it as workers do that have written it out. */
export async function trimByWorkers(url: string, stream: string, windowMs: number): Promise<void> {
  const names = { stream, partitions: 2 };
  await using nats = await connectNats({ servers: [url], name: 'trim' });
  const bucket = new Bucket(nats, bucketOf(stream));
  const trimmer = new Trimmer({
    nats,
    bucket,
    names,
    places: new PlaceStore(nats, bucket),
    keepMs: 1.5 * windowMs,
  });
  const group = new WorkGroup(bucket, 'all');
  for (const partition of [0, 1]) {
    const seen = await group.ledger(partition);
    const { last_seq: last } = (await nats.manager.streams.info(streamOf(stream, partition))).state;
    await group.write(partition, { ...newLedger(1), taken: last, done: last }, seen?.revision ?? 0);
    await trimmer.trim(partition);
  }
  await delay(2 * windowMs);
  for (const partition of [0, 1]) await trimmer.trim(partition);
}

/** What the first partition may take. */
export async function maxBytesOf(url: string, stream: string): Promise<number> {
  await using nats = await connectNats({ servers: [url], name: 'look' });
  return (await nats.manager.streams.info(streamOf(stream, 0))).config.max_bytes;
}

export const upTo = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1);
