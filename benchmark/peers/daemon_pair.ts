/**
 * Two daemons of one kind: one follows a file and ships its lines, the other writes what comes to a file of its own. Neither
 * says when it is done, so the end is when the receiver's file holds as many bytes as the shipper's.
 */
import { createReadStream } from 'node:fs';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../../test/helpers/free_port.ts';
import { startProcess, type MeasuredProcess, type Usage } from '../measured_process.ts';
import { succeeded } from '../product.ts';
import { scratchFolder } from '../scratch_folder.ts';
import { checkLines } from './line_check.ts';
import { costs, type FileWork, type Round } from './peer.ts';
import { bytesSentTo, listening } from './sockets.ts';

export interface DaemonPair {
  /** Configurations in this folder; what a run sets stands in them as @NAME@. */
  readonly ship: string;
  readonly receive: string;
  /** Of a daemon that stays in the foreground and keeps its files in `folder`. */
  readonly command: (path: string, configuration: string, folder: string) => string[];
}

const LOOK_EVERY_MS = 5;

/** A receiver that wrote nothing for so long has all that it will get. */
const GIVE_UP_AFTER_MS = 30_000;

const END_WITHIN_MS = 30_000;

export async function shipThrough(
  pair: DaemonPair,
  path: string,
  work: FileWork,
  signal: AbortSignal,
): Promise<Round> {
  await using scratch = await scratchFolder();
  const port = await freePort();
  const output = join(scratch.path, 'received.jsonl');
  const values = { PORT: String(port), INPUT: work.path, OUTPUT: output };
  const receive = await prepared(pair, path, pair.receive, join(scratch.path, 'receive'), values);
  const ship = await prepared(pair, path, pair.ship, join(scratch.path, 'ship'), values);
  await using receiver = await startProcess(receive, signal);
  await listening(port, receiver);
  const startedAt = performance.now();
  await using shipper = await startProcess(ship, signal);
  const arrivedAt = await arrival(output, work.bytes, [shipper, receiver]);
  const wireBytes = await bytesSentTo(port);
  const shipped = await stopped(`${path} (${pair.ship})`, shipper, signal);
  const received = await stopped(`${path} (${pair.receive})`, receiver, signal);
  return {
    entries: work.entries,
    wallSeconds: (arrivedAt - startedAt) / 1000,
    ...costs([shipped], received),
    wireBytes,
    storedBytes: (await stat(output)).size,
    losses: await checkLines(work.path, () => createReadStream(output, { highWaterMark: 2 ** 20 })),
  };
}

/** Writes the configuration into a folder of its own; the answer is the command. */
async function prepared(
  { command }: DaemonPair,
  path: string,
  template: string,
  folder: string,
  values: Readonly<Record<string, string>>,
): Promise<string[]> {
  await mkdir(folder);
  const text = await readFile(join(import.meta.dirname, template), 'utf8');
  const configuration = join(folder, 'configuration');
  const all: typeof values = { ...values, STATE: folder };
  await writeFile(
    configuration,
    text.replaceAll(/@([A-Z]+)@/g, (whole, name: string) => all[name] ?? whole),
  );
  return command(path, configuration, folder);
}

/** When the file held `bytes`, or, where it stopped growing before, when it last grew. Throws where one of `running` ends. */
async function arrival(path: string, bytes: number, running: readonly MeasuredProcess[]): Promise<number> {
  const ended = Promise.race(running.map(({ finished }) => finished)).then(({ exitCode, stdout, stderr }) => {
    throw new Error(`a daemon ended with ${exitCode} before it was done:\n${stdout}${stderr}`);
  });
  ended.catch(() => undefined);
  let size = 0;
  let grownAt = performance.now();
  while (size < bytes && performance.now() - grownAt < GIVE_UP_AFTER_MS) {
    await Promise.race([delay(LOOK_EVERY_MS), ended]);
    const { size: now } = await stat(path).catch(() => ({ size: 0 }));
    if (now === size) continue;
    size = now;
    grownAt = performance.now();
  }
  return grownAt;
}

async function stopped(who: string, daemon: MeasuredProcess, signal: AbortSignal): Promise<Usage> {
  daemon.kill('SIGTERM');
  const killing = setTimeout(() => daemon.kill('SIGKILL'), END_WITHIN_MS);
  try {
    return succeeded(who, await daemon.finished, signal);
  } finally {
    clearTimeout(killing);
  }
}
