/** Receiver, shipper and `verify` as processes of their own, run from dist/ as a user would. */
import { CLIENT, SERVER } from './fresh_build.ts';
import { startProcess, type MeasuredProcess, type Usage } from './measured_process.ts';
import { saidBy } from './said_by.ts';

export interface RunningReceiver extends AsyncDisposable {
  readonly process: MeasuredProcess;
  readonly port: number;
  /** Ends it in order; what it cost from its start. Throws where it did not end well. */
  stop(): Promise<Usage>;
}

/** Starts a receiver on a free port of 127.0.0.1; settles once it listens. `under` goes before the command: `taskset`. */
export async function startReceiver(
  dataDir: string,
  flags: readonly string[],
  signal: AbortSignal,
  under: readonly string[] = [],
): Promise<RunningReceiver> {
  const address = ['--server-host', '127.0.0.1', '--server-port', '0'];
  const receiver = await startProcess(
    [...under, process.execPath, SERVER, ...address, '--data-dir', dataDir, ...flags],
    signal,
  );
  try {
    const [, port] = await saidBy(receiver, /"port":(\d+)/);
    return {
      process: receiver,
      port: Number(port),
      async stop() {
        receiver.kill('SIGTERM');
        return succeeded('the receiver', await receiver.finished, signal);
      },
      [Symbol.asyncDispose]: () => receiver[Symbol.asyncDispose](),
    };
  } catch (error) {
    await receiver[Symbol.asyncDispose]();
    throw error;
  }
}

/** What a shipper says of itself at its end. */
export interface Shipped {
  readonly acknowledged: number;
  readonly batches: number;
  readonly rawBytes: number;
  readonly wireBytes: number;
}

/** The command of a shipper that takes nothing but an acknowledgement. */
export function shipperCommand(
  command: readonly string[],
  port: number,
  flags: readonly string[],
  under: readonly string[] = [],
): string[] {
  const address = ['--server-host', '127.0.0.1', '--server-port', String(port), '--delivery', 'acked'];
  return [...under, process.execPath, CLIENT, ...command, ...address, ...flags];
}

/** Runs a command of the shipper (`send FILE`) against a receiver on this machine. Throws unless all was acknowledged. */
export async function runShipper(
  command: readonly string[],
  signal: AbortSignal,
): Promise<{ usage: Usage; shipped: Shipped }> {
  await using shipper = await startProcess(command, signal);
  return shippedBy(await shipper.finished, signal);
}

/** What a shipper that has ended did. Throws unless all was acknowledged. */
export function shippedBy(usage: Usage, signal: AbortSignal): { usage: Usage; shipped: Shipped } {
  succeeded('the shipper', usage, signal);
  const summary = usage.stderr.split('\n').findLast((line) => line.includes('"acknowledged":'));
  if (summary === undefined) throw new Error(`the shipper's log has no summary:\n${usage.stderr}`);
  return { usage, shipped: JSON.parse(summary) as Shipped };
}

/** Ships a file to a receiver on this machine. Throws unless all of it was acknowledged. */
export function shipFile(
  path: string,
  port: number,
  flags: readonly string[],
  signal: AbortSignal,
): Promise<{ usage: Usage; shipped: Shipped }> {
  return runShipper(shipperCommand(['send', path], port, flags), signal);
}

/** Runs `verify` over an archive. Throws unless it is clean and holds exactly `entries`; the answer is its bytes on disk. */
export async function verifyArchive(dataDir: string, entries: number, signal: AbortSignal): Promise<number> {
  await using verify = await startProcess([process.execPath, SERVER, 'verify', dataDir], signal);
  const { exitCode, stdout, stderr } = await verify.finished;
  signal.throwIfAborted();
  const [, found, bytes] = /, (\d+) entries, (\d+) bytes/.exec(stdout) ?? [];
  if (exitCode !== 0 || Number(found) !== entries) {
    throw new Error(
      `THE ARCHIVE IS WRONG: verify ends with ${exitCode}, ${entries} entries were shipped, and it says:\n${stdout}${stderr}`,
    );
  }
  return Number(bytes);
}

/** The usage of a program that has ended well. Throws where it did not. */
export function succeeded(who: string, usage: Usage, signal: AbortSignal): Usage {
  signal.throwIfAborted();
  if (usage.exitCode !== 0)
    throw new Error(`${who} ended with ${usage.exitCode}:\n${usage.stdout}${usage.stderr}`);
  return usage;
}
