/** Workers of JetStream within the test's own process, and what their folders hold. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readBlocks } from '../../src/archive/block_reader.ts';
import type { Block } from '../../src/archive/block.ts';
import { listSegments } from '../../src/archive/segment_name.ts';
import { loadSettings } from '../../src/config/load.ts';
import type { Settings } from '../../src/config/options.ts';
import { JetStreamLog, type JetStreamReport } from '../../src/jetstream/jetstream_log.ts';
import { followStream } from '../../src/tools/follow_stream.ts';
import { natsOptions, streamSettings } from '../../src/tools/nats_settings.ts';
import { outputSettings } from '../../src/tools/output_settings.ts';
import { outputNamed } from '../../src/tools/follow.ts';
import { verify } from '../../src/tools/verify.ts';
import { makeBlocks, type BlockWishes } from './blocks.ts';
import { collectLogs } from './logs.ts';
import type { NatsServer } from './nats_server.ts';

/** Of a stream of two partitions whose workers are soon known to be dead. */
export const workerEnv = (server: NatsServer, stream: string, folder: string): Record<string, string> => ({
  NATS_URL: server.url,
  NATS_STREAM: stream,
  NATS_PARTITIONS: '2',
  NATS_MAX_BYTES: '64MiB',
  NATS_DUPLICATE_WINDOW: '0.5',
  NATS_WORKER_LEASE: '1',
  DATA_DIR: folder,
  OUTPUT_DIR: folder,
  TEXT_TEMPLATE: '{.n}',
});

const settingsOf = (env: Readonly<Record<string, string>>): Settings => loadSettings({ flags: {}, env });

/** What receivers of this stream do. */
export function openStreamLog(
  env: Readonly<Record<string, string>>,
  report: JetStreamReport = {},
): Promise<JetStreamLog> {
  const settings = settingsOf(env);
  return JetStreamLog.open({
    nats: natsOptions(settings, 'test'),
    streams: streamSettings(settings),
    format: settings.ARCHIVE_FORMAT,
    report,
  });
}

/** Appends blocks `from` to `to` of each of these shippers. */
export async function publish(
  log: JetStreamLog,
  shippers: readonly string[],
  from: number,
  to: number,
  wishes: BlockWishes = {},
): Promise<void> {
  await Promise.all(
    shippers.map(async (shipperId) => {
      const blocks: Block[] = await makeBlocks(from, to, { ...wishes, shipperId });
      for (const block of blocks) await log.append(block);
    }),
  );
}

export interface WorkerWishes {
  readonly output?: string;
  readonly group?: string;
  readonly abandoned?: string;
  readonly isOnce?: boolean;
}

export interface TestWorker extends AsyncDisposable {
  /** What it has said. */
  readonly said: () => string;
  /** Settles, or rejects, when it has ended. */
  readonly ended: Promise<void>;
  /** Asks it to end, and settles when it has. */
  readonly stop: () => Promise<void>;
}

export function startWorker(env: Readonly<Record<string, string>>, wishes: WorkerWishes = {}): TestWorker {
  const { output = 'archive', group = output, abandoned, isOnce = false } = wishes;
  const settings = settingsOf(env);
  const stop = new AbortController();
  const logs = collectLogs();
  const how = { output, target: targetOf(output, settings), group, abandoned, isOnce };
  const ended = followStream(settings, how, stop.signal, logs.log);
  ended.catch(() => undefined);
  const stopped = async (): Promise<void> => {
    stop.abort();
    await ended;
  };
  return {
    said: () => logs.lines.map(({ msg }) => msg).join('\n'),
    ended,
    stop: stopped,
    [Symbol.asyncDispose]: () => stopped().catch(() => undefined),
  };
}

function targetOf(output: string, settings: Settings) {
  const outputs = outputSettings(settings);
  if (output !== 'archive') return { output: outputNamed(output), settings: outputs };
  const archive = {
    folder: settings.DATA_DIR,
    format: settings.ARCHIVE_FORMAT,
    segmentMaxBytes: settings.SEGMENT_MAX_BYTES,
    fsync: settings.FSYNC,
  };
  return { archive, level: settings.ARCHIVE_LEVEL, outputs: [], settings: outputs };
}

/** The blocks of these archives, those that are there, that hold entries, as `shipper/sequence`, in the order of each archive. */
export async function storedIn(...folders: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const folder of folders.filter((one) => existsSync(one)))
    for (const segment of await listSegments(folder))
      for await (const { header } of readBlocks(folder, segment))
        if (header.gap === undefined) found.push(`${header.shipperId}/${header.sequence}`);
  return found;
}

/** `shipper/1` to `shipper/<to>` of each, in the order of `toSorted`. */
export const numbered = (shippers: readonly string[], to: number): string[] =>
  shippers
    .flatMap((shipper) => Array.from({ length: to }, (_, index) => `${shipper}/${index + 1}`))
    .toSorted();

/** What `verify` has to complain of in these archives together; empty where it is nothing. */
export async function complaints(...folders: readonly string[]): Promise<string> {
  let report = '';
  const code = await verify(folders, { write: (text) => (report += text) });
  return code === 0 ? '' : report;
}

/** The name of the worker of a folder. */
export const workerIn = async (folder: string): Promise<string> =>
  (JSON.parse(await readFile(join(folder, 'worker.json'), 'utf8')) as { worker: string }).worker;
