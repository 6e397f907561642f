/** Makes the streams and the bucket where they are not there yet, and holds those that are to the options. Any number may start at once. */
import {
  DiscardPolicy,
  RetentionPolicy,
  StorageType,
  jetstreamManager,
  type JetStreamManager,
  type StreamConfig,
  type StreamInfo,
} from '@nats-io/jetstream';
import { setTimeout as delay } from 'node:timers/promises';
import { Bucket } from './bucket.ts';
import type { Nats } from './connection.ts';
import { JetStreamError, isNoStream, isRefusal } from './jetstream_error.ts';
import { META_KEY, bucketOf, streamOf, subjectsOf } from './names.ts';

export interface StreamSettings {
  /** What all names begin with. */
  readonly stream: string;
  readonly partitions: number;
  readonly replicas: number;
  /** Of all partitions together. */
  readonly maxBytes: number;
  /** 0: for ever. */
  readonly maxAgeMs: number;
  readonly duplicateWindowMs: number;
}

type Config = Partial<StreamConfig> & { readonly name: string };

const VERSION = 1;
const NANOS_PER_MS = 1_000_000;

/** A cluster that starts has no leader yet, and what is asked of none is not answered: it is asked again for so long. */
const PATIENCE_MS = 30_000;
const ANSWERED_WITHIN_MS = 1500;
const AGAIN_AFTER_MS = 250;

/** Another that makes the same stream at this moment is a reason to refuse it, too. */
const ATTEMPTS = 4;

/**
 * Settles with the bucket when all is there. Rejects with JetStreamError: `bad_settings` where the streams have another number
 * of partitions or NATS does not take a setting, `unavailable` where JetStream does not answer for half a minute.
 */
export async function prepareStreams(nats: Nats, settings: StreamSettings): Promise<Bucket> {
  const bucket = new Bucket(nats, bucketOf(settings.stream));
  const { connection } = nats;
  const manager = await jetstreamManager(connection, { timeout: ANSWERED_WITHIN_MS, checkAPI: false });
  const make = (config: Config) => patiently(() => prepare(nats, manager, config));
  await make(bucketConfig(settings));
  await patiently(() => agreeOnPartitions(bucket, settings));
  for (let partition = 0; partition < settings.partitions; partition += 1)
    await make(partitionConfig(settings, partition));
  return bucket;
}

async function patiently(work: () => Promise<void>): Promise<void> {
  for (const begunAt = performance.now(); ;) {
    try {
      await work();
      return;
    } catch (error) {
      if (error instanceof JetStreamError && error.code !== 'unavailable') throw error;
      if (performance.now() - begunAt > PATIENCE_MS)
        throw new JetStreamError('unavailable', `JetStream does not answer: ${(error as Error).message}`, {
          cause: error,
        });
      await delay(AGAIN_AFTER_MS);
    }
  }
}

async function prepare(nats: Nats, { streams }: JetStreamManager, config: Config): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const info = await nats.ask(() => streams.info(config.name)).catch(noneWhereNoStream);
      if (info === undefined) await nats.ask(() => streams.add(config));
      else if (isOther(info, config)) await nats.ask(() => streams.update(config.name, config));
      return;
    } catch (cause) {
      if (!isRefusal(cause)) throw cause;
      if (attempt === ATTEMPTS) throw refusedBy(config, cause as Error);
      await delay(AGAIN_AFTER_MS);
    }
  }
}

const refusedBy = ({ name }: Config, cause: Error): JetStreamError =>
  new JetStreamError('bad_settings', `NATS does not take the stream ${name}: ${cause.message}`, { cause });

function noneWhereNoStream(error: unknown): undefined {
  if (!isNoStream(error)) throw error;
}

/** Of what NATS lets be changed. */
const CHANGEABLE = ['max_bytes', 'max_age', 'duplicate_window', 'num_replicas'] as const;

const isOther = ({ config: has }: StreamInfo, wanted: Config): boolean =>
  CHANGEABLE.some((key) => wanted[key] !== undefined && wanted[key] !== has[key]);

function partitionConfig(settings: StreamSettings, partition: number): Config {
  const { stream, replicas, maxBytes, maxAgeMs, duplicateWindowMs, partitions } = settings;
  const windowMs = maxAgeMs === 0 ? duplicateWindowMs : Math.min(duplicateWindowMs, maxAgeMs);
  return {
    name: streamOf(stream, partition),
    subjects: [subjectsOf(stream, partition)],
    retention: RetentionPolicy.Limits,
    discard: DiscardPolicy.New,
    storage: StorageType.File,
    num_replicas: replicas,
    max_bytes: Math.floor(maxBytes / partitions),
    max_age: maxAgeMs * NANOS_PER_MS,
    duplicate_window: windowMs * NANOS_PER_MS,
    allow_direct: false,
  };
}

/** As NATS' own tools make a bucket that keeps no history. */
const bucketConfig = ({ stream, replicas, duplicateWindowMs }: StreamSettings): Config => ({
  name: `KV_${bucketOf(stream)}`,
  subjects: [`$KV.${bucketOf(stream)}.>`],
  retention: RetentionPolicy.Limits,
  discard: DiscardPolicy.New,
  storage: StorageType.File,
  num_replicas: replicas,
  max_msgs_per_subject: 1,
  duplicate_window: duplicateWindowMs * NANOS_PER_MS,
  allow_rollup_hdrs: true,
  deny_delete: false,
  allow_direct: false,
});

async function agreeOnPartitions(bucket: Bucket, { stream, partitions }: StreamSettings): Promise<void> {
  const wanted = Buffer.from(JSON.stringify({ version: VERSION, partitions }));
  const before = await bucket.get(META_KEY);
  if (before === undefined && (await bucket.replace(META_KEY, wanted, 0)) !== undefined) return;
  const entry = before ?? (await bucket.get(META_KEY));
  if (entry === undefined) throw new JetStreamError('unavailable', `the key ${META_KEY} is not there`);
  const has = metaIn(entry.value);
  if (has.version !== VERSION)
    throw new JetStreamError(
      'bad_settings',
      `${bucketOf(stream)} was made by another version of Logferry (${String(has.version)}; this one knows ${VERSION})`,
    );
  if (has.partitions !== partitions)
    throw new JetStreamError(
      'bad_settings',
      `${stream} has ${String(has.partitions)} partitions, NATS_PARTITIONS is ${partitions}: it can't be changed once the streams are made`,
    );
}

function metaIn(value: Buffer): { readonly version?: unknown; readonly partitions?: unknown } {
  try {
    return (JSON.parse(value.toString()) ?? {}) as object;
  } catch (cause) {
    throw new JetStreamError('bad_settings', `the key ${META_KEY} of the bucket is not JSON`, { cause });
  }
}
