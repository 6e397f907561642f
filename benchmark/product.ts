/** Receiver, shipper and `verify` as processes of their own, run from dist/ as a user would. */
import { CLIENT, SERVER } from './fresh_build.ts';
import { startProcess, type MeasuredProcess, type Usage } from './measured_process.ts';

export interface RunningReceiver extends AsyncDisposable {
  readonly port: number;
  /** Ends it in order; what it cost from its start. Throws where it did not end well. */
  stop(): Promise<Usage>;
}

/** Starts a receiver on a free port of 127.0.0.1; settles once it listens. */
export async function startReceiver(
  dataDir: string,
  flags: readonly string[],
  signal: AbortSignal,
): Promise<RunningReceiver> {
  const address = ['--server-host', '127.0.0.1', '--server-port', '0'];
  const receiver = await startProcess(
    [process.execPath, SERVER, ...address, '--data-dir', dataDir, ...flags],
    signal,
  );
  try {
    const port = await portOf(receiver);
    return {
      port,
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

/** Ships a file to a receiver on this machine. Throws unless all of it was acknowledged. */
export async function shipFile(
  path: string,
  port: number,
  flags: readonly string[],
  signal: AbortSignal,
): Promise<{ usage: Usage; shipped: Shipped }> {
  const address = ['--server-host', '127.0.0.1', '--server-port', String(port), '--delivery', 'acked'];
  await using shipper = await startProcess(
    [process.execPath, CLIENT, 'send', path, ...address, ...flags],
    signal,
  );
  const usage = succeeded('the shipper', await shipper.finished, signal);
  const summary = usage.stderr.split('\n').findLast((line) => line.includes('"acknowledged":'));
  if (summary === undefined) throw new Error(`the shipper's log has no summary:\n${usage.stderr}`);
  return { usage, shipped: JSON.parse(summary) as Shipped };
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

function succeeded(who: string, usage: Usage, signal: AbortSignal): Usage {
  signal.throwIfAborted();
  if (usage.exitCode !== 0)
    throw new Error(`${who} ended with ${usage.exitCode}:\n${usage.stdout}${usage.stderr}`);
  return usage;
}

/** Waits for the line of the receiver's log that says where it listens. */
async function portOf(receiver: MeasuredProcess): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  let log = '';
  const look = (chunk: Buffer): void => {
    log += chunk.toString();
    const port = /"port":(\d+)/.exec(log)?.[1];
    if (port !== undefined) resolve(Number(port));
  };
  receiver.stdout.on('data', look);
  receiver.finished.then(
    ({ exitCode, stderr }) =>
      reject(new Error(`the receiver ended with ${exitCode} before it listened:\n${log}${stderr}`)),
    reject,
  );
  try {
    return await promise;
  } finally {
    receiver.stdout.off('data', look);
  }
}
