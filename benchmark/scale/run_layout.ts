/** One load on one layout, with real processes, to the end: all of it acknowledged, written out, and verified. */
import { cpus } from 'node:os';
import { join } from 'node:path';
import { SERVER } from '../fresh_build.ts';
import { writeLogFile } from '../log_lines.ts';
import { startProcess, type MeasuredProcess, type Usage } from '../measured_process.ts';
import { cpuSecondsOf } from '../process_readings.ts';
import { shippedBy, shipperCommand, startReceiver, succeeded, type RunningReceiver } from '../product.ts';
import { saidBy } from '../said_by.ts';
import { scratchFolder } from '../scratch_folder.ts';
import { byRole, type Cost, type Layout, type Outcome } from './layout.ts';
import { startNats, type NatsServers } from './nats_servers.ts';

/** What each shipper sends. */
export interface Load {
  readonly path: string;
  readonly entries: number;
  /** Of the file. */
  readonly bytes: number;
  readonly shipperFlags: readonly string[];
}

interface Site {
  readonly layout: Layout;
  readonly load: Load;
  readonly folder: string;
  /** Of receivers and workers. */
  readonly logFlags: readonly string[];
  /** Of the archives, which are the receivers' or the workers'. */
  readonly folders: readonly string[];
  readonly signal: AbortSignal;
}

/** Reading the peak memory of many processes often would be a load of its own. */
const PEAK_EVERY_MS = 100;

/** What the streams may take beside what is sent, which lies there compressed. */
const SPARE_BYTES = 256 * 2 ** 20;

/** The file of a load, made in `folder`. */
export async function makeLoad(
  folder: string,
  entries: number,
  seed: number,
  signal: AbortSignal,
): Promise<Load> {
  const path = join(folder, `${entries}.jsonl`);
  const bytes = await writeLogFile(path, entries, seed, signal);
  return { path, entries, bytes, shipperFlags: ['--compression-level', '1'] };
}

/** Throws unless every entry was acknowledged, and is in one of the archives. */
export async function runLayout(layout: Layout, load: Load, signal: AbortSignal): Promise<Outcome> {
  await using stack = new AsyncDisposableStack();
  const { path: folder } = stack.use(await scratchFolder());
  const nats = layout.log === 'archive' ? undefined : stack.use(await startNats(layout.replicas, signal));
  const site: Site = { layout, load, folder, signal, ...logOf(layout, load, folder, nats) };
  const receivers = await startReceivers(site, stack);
  const workers = await startWorkers(site, stack);
  const watched = {
    receivers: receivers.map(({ process }) => process),
    servers: nats?.processes ?? [],
    workers,
  };
  const before = await cpuOf(watched);
  const machineBefore = machineCpuSeconds();
  const startedMs = performance.now();
  const shippers = await ship(site, receivers, stack);
  const endedMs = performance.now();
  const machineCores = (machineCpuSeconds() - machineBefore) / ((endedMs - startedMs) / 1000);
  const after = await cpuOf(watched);
  const usages = {
    shippers,
    receivers: await Promise.all(receivers.map((receiver) => receiver.stop())),
    workers: nats === undefined ? [] : await writeOut(site, workers),
  };
  const behindSeconds = nats === undefined ? 0 : (performance.now() - endedMs) / 1000;
  const costs = byRole({ ...usages, servers: (await nats?.stop()) ?? [] }, costOf);
  await verify(site);
  const wallSeconds = (endedMs - startedMs) / 1000;
  const used = { ...after, shippers: costs.shippers.cpuSeconds };
  return {
    entries: layout.shippers * load.entries,
    rawBytes: layout.shippers * load.bytes,
    wallSeconds,
    behindSeconds,
    costs,
    busyCores: byRole(used, (seconds, role) => (seconds - before[role]) / wallSeconds),
    machineCores,
  };
}

function logOf(
  { receivers, workers, shippers, replicas }: Layout,
  { bytes }: Load,
  folder: string,
  nats: NatsServers | undefined,
): Pick<Site, 'logFlags' | 'folders'> {
  const names = (role: string, count: number): string[] =>
    Array.from({ length: count }, (_, n) => join(folder, `${role}-${n}`));
  if (nats === undefined) return { logFlags: [], folders: names('receiver', receivers) };
  const room = String(shippers * bytes + SPARE_BYTES);
  return {
    logFlags: ['--nats-url', nats.url, '--nats-replicas', String(replicas), '--nats-max-bytes', room],
    folders: names('worker', Math.max(1, workers)),
  };
}

function startReceivers(site: Site, stack: AsyncDisposableStack): Promise<RunningReceiver[]> {
  const { layout, folder, logFlags, signal } = site;
  const flags = layout.log === 'archive' ? [] : ['--commit-log', 'jetstream', ...logFlags];
  return Promise.all(
    Array.from({ length: layout.receivers }, async (_, n) =>
      stack.use(await startReceiver(join(folder, `receiver-${n}`), flags, signal)),
    ),
  );
}

/** Settles when all of them work. */
function startWorkers(site: Site, stack: AsyncDisposableStack): Promise<MeasuredProcess[]> {
  const folders = site.folders.slice(0, site.layout.log === 'archive' ? 0 : site.layout.workers);
  return Promise.all(
    folders.map(async (folder) => {
      const worker = stack.use(await startWorker(site, folder, []));
      await saidBy(worker, /"msg":"following /);
      return worker;
    }),
  );
}

function startWorker(
  { logFlags, signal }: Site,
  folder: string,
  flags: readonly string[],
): Promise<MeasuredProcess> {
  const command = ['follow', '--from', 'jetstream', '--output', 'archive', '--data-dir', folder];
  return startProcess([process.execPath, SERVER, ...command, ...logFlags, ...flags], signal);
}

function ship(
  { layout, load, folder, signal }: Site,
  receivers: readonly RunningReceiver[],
  stack: AsyncDisposableStack,
): Promise<Usage[]> {
  const start = async (n: number): Promise<Usage> => {
    const { port } = receivers[n % receivers.length] as RunningReceiver;
    const own = ['--shipper-id', `bench-${n}`, '--state-dir', join(folder, `shipper-${n}`)];
    const command = shipperCommand(['send', load.path], port, [...load.shipperFlags, ...own]);
    const shipper = stack.use(await startProcess(command, signal, { peakEveryMs: PEAK_EVERY_MS }));
    return shippedBy(await shipper.finished, signal).usage;
  };
  return Promise.all(Array.from({ length: layout.shippers }, (_, n) => start(n)));
}

/** Ends the workers in order; one more then writes what they had not come to. */
async function writeOut(site: Site, workers: readonly MeasuredProcess[]): Promise<Usage[]> {
  for (const worker of workers) worker.kill('SIGTERM');
  const ended = await Promise.all(workers.map(({ finished }) => finished));
  await using last = await startWorker(site, site.folders[0] as string, ['--once']);
  return [...ended, await last.finished].map((usage) => succeeded('the worker', usage, site.signal));
}

/** All archives as one: what they hold together is said last. */
async function verify({ folders, layout, load, signal }: Site): Promise<void> {
  await using reader = await startProcess([process.execPath, SERVER, 'verify', ...folders], signal);
  const { exitCode, stdout, stderr } = await reader.finished;
  signal.throwIfAborted();
  const found = Number([...stdout.matchAll(/ blocks, (\d+) entries/g)].at(-1)?.[1]);
  const sent = layout.shippers * load.entries;
  if (exitCode !== 0 || found !== sent)
    throw new Error(
      `THE ARCHIVES ARE WRONG: ${sent} entries were sent, and verify says:\n${stdout}${stderr}`,
    );
}

/** Of all cores since the start of the machine, but for idling. */
function machineCpuSeconds(): number {
  const times = cpus().map((core) => core.times.user + core.times.nice + core.times.sys + core.times.irq);
  return times.reduce((sum, ms) => sum + ms, 0) / 1000;
}

type Watched = Readonly<Record<'receivers' | 'servers' | 'workers', readonly MeasuredProcess[]>>;

/** What they used so far. */
async function cpuOf(watched: Watched): Promise<Record<'shippers' | keyof Watched, number>> {
  const sum = async (processes: readonly MeasuredProcess[]): Promise<number> =>
    (await Promise.all(processes.map(({ pid }) => cpuSecondsOf(pid)))).reduce((a, b) => a + b, 0);
  const { receivers, servers, workers } = watched;
  return {
    shippers: 0,
    receivers: await sum(receivers),
    servers: await sum(servers),
    workers: await sum(workers),
  };
}

const costOf = (usages: readonly Usage[]): Cost => ({
  processes: usages.length,
  cpuSeconds: usages.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
  peakBytes: Math.max(0, ...usages.map(({ peakBytes }) => peakBytes)),
});
