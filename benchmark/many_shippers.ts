/**
 * Many shippers in one process, each with a connection and a shipper id of its own, all of one file: what many shippers
 * cost the receiver is then not hidden by what starting many programs costs. Says when all are connected, waits for a line
 * on standard input, ships, and reports. `shipper_group.ts` starts it, with the settings as JSON.
 */
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { pino } from 'pino';
import { files } from '../src/shipper/sources/files.ts';
import { Shipper } from '../src/shipper/shipper.ts';
import type { Source } from '../src/shipper/source.ts';

export interface ManyShippersSettings {
  readonly port: number;
  /** Each ships all of it. */
  readonly path: string;
  readonly ids: readonly string[];
  readonly stateFolder: string;
}

/** The last line of the output. */
export interface ManyShippersReport {
  /** Of each shipper: from the line on standard input until all of its file was acknowledged, and its connection closed. */
  readonly doneMs: readonly number[];
  readonly acknowledged: number;
  readonly batches: number;
  /** Without the start of the program; the connecting is in it. */
  readonly cpuSeconds: number;
}

/** Said when all shippers are connected. */
export const ALL_CONNECTED = /^all connected$/m;

/** As the options' defaults, but for the level. */
const BATCHER = { size: 50, intervalMs: 5000, maxBytes: 1024 * 1024 };
const COMPRESSION = { algorithm: 'gzip', level: 1, bypassBelow: 256 } as const;
const TIMEOUT_MS = 10_000;

const log = pino({ level: 'silent' });

async function shipAll(settings: ManyShippersSettings): Promise<ManyShippersReport> {
  const before = process.cpuUsage();
  const go = Promise.withResolvers<number>();
  const started = settings.ids.map((id) => startShipper(id, settings, go.promise));
  const ended = Promise.all(started.map(({ doneMs }) => doneMs));
  await Promise.race([Promise.all(started.map(({ connected }) => connected)), ended]);
  process.stdout.write('all connected\n');
  await once(process.stdin, 'data');
  process.stdin.destroy();
  go.resolve(performance.now());
  const doneMs = await ended;
  const { user, system } = process.cpuUsage(before);
  const sum = (count: 'acknowledged' | 'batches'): number =>
    started.reduce((total, { shipper }) => total + shipper.counts[count], 0);
  return {
    doneMs,
    acknowledged: sum('acknowledged'),
    batches: sum('batches'),
    cpuSeconds: (user + system) / 1e6,
  };
}

interface Started {
  readonly shipper: Shipper;
  readonly connected: Promise<void>;
  readonly doneMs: Promise<number>;
}

function startShipper(
  shipperId: string,
  { port, path, stateFolder }: ManyShippersSettings,
  go: Promise<number>,
): Started {
  const connected = Promise.withResolvers<void>();
  const maxLineBytes = BATCHER.maxBytes;
  // A thousand programs have a buffer each, and fill it; here a thousand large ones for small files would be the main cost.
  const readBytes = Math.min(BATCHER.maxBytes, statSync(path).size + 1);
  const file = files({ paths: [path], readBytes, maxLineBytes, log });
  const shipper = new Shipper({
    source: heldBack(file, connected.resolve, go),
    batcher: BATCHER,
    compression: COMPRESSION,
    dial: {
      addresses: [{ host: '127.0.0.1', port }],
      delivery: 'acked',
      helloTimeoutMs: TIMEOUT_MS,
      shipperId,
    },
    reconnect: { firstMs: 100, maxMs: TIMEOUT_MS },
    stateFolder,
    log,
    closeTimeoutMs: TIMEOUT_MS,
  });
  const run = async (): Promise<number> => {
    await shipper.run(new AbortController().signal);
    return performance.now() - (await go);
  };
  return { shipper, connected: connected.promise, doneMs: run() };
}

/** Reading begins once the shipper is connected; what is read comes once it may. */
function heldBack(source: Source, onConnected: () => void, go: Promise<unknown>): Source {
  return {
    ...source,
    async *read(...from) {
      onConnected();
      await go;
      yield* source.read(...from);
    },
  };
}

if (import.meta.main) {
  const settings = JSON.parse(process.argv[2] ?? '') as ManyShippersSettings;
  process.stdout.write(`${JSON.stringify(await shipAll(settings))}\n`);
}
