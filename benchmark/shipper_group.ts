/** Many shippers in a few processes of many_shippers.ts, let loose at once. */
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { ALL_CONNECTED, type ManyShippersReport, type ManyShippersSettings } from './many_shippers.ts';
import { startProcess, type MeasuredProcess } from './measured_process.ts';
import { succeeded } from './product.ts';
import { saidBy } from './said_by.ts';

export interface ShipperGroup {
  readonly port: number;
  /** Each shipper ships all of it. */
  readonly path: string;
  readonly shippers: number;
  readonly processes: number;
  readonly stateFolder: string;
}

/** What all processes report together. `wallSeconds` is from the go to the end of the last shipper. */
export interface GroupReport extends ManyShippersReport {
  readonly wallSeconds: number;
}

/** Connects all shippers, then lets them ship at once. Throws unless each had all acknowledged. */
export async function shipFromMany(group: ShipperGroup, signal: AbortSignal): Promise<GroupReport> {
  await using stack = new AsyncDisposableStack();
  const ids = Array.from({ length: group.shippers }, (_, n) => `bench-${n}`);
  const processes = Math.min(group.processes, group.shippers);
  const running: MeasuredProcess[] = [];
  for (let n = 0; n < processes; n += 1) {
    const own = ids.filter((_id, index) => index % processes === n);
    running.push(stack.use(await startOne({ ...group, ids: own }, signal)));
  }
  await Promise.all(running.map((process) => saidBy(process, ALL_CONNECTED)));
  for (const { stdin } of running) (stdin as Writable).write('go\n');
  const reports = await Promise.all(running.map((process) => reportOf(process, signal)));
  const doneMs = reports.flatMap((report) => report.doneMs);
  const sum = (of: 'acknowledged' | 'batches' | 'cpuSeconds'): number =>
    reports.reduce((total, report) => total + report[of], 0);
  return {
    doneMs,
    wallSeconds: Math.max(...doneMs) / 1000,
    acknowledged: sum('acknowledged'),
    batches: sum('batches'),
    cpuSeconds: sum('cpuSeconds'),
  };
}

function startOne(settings: ManyShippersSettings, signal: AbortSignal): Promise<MeasuredProcess> {
  const script = join(import.meta.dirname, 'many_shippers.ts');
  return startProcess([process.execPath, script, JSON.stringify(settings)], signal, { hasInput: true });
}

async function reportOf({ finished }: MeasuredProcess, signal: AbortSignal): Promise<ManyShippersReport> {
  const { stdout } = succeeded('the process of many shippers', await finished, signal);
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as ManyShippersReport;
}
