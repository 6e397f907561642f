/**
 * A child process and what the operating system says it cost. CPU and wall time are bash's `time`: what wait4 reports
 * of the process and all its threads from exec to exit, start-up and teardown included, to the millisecond. So any program
 * can be measured, ours or another's. Node can't ask this of a child: it reaps it and throws the figures away.
 * Peak memory is VmHWM in /proc, which only grows, read every few milliseconds; what grows after the last reading is not seen.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import type { Readable, Writable } from 'node:stream';

export interface Usage {
  /** As a shell tells it: 128 + n where signal n ended it. */
  readonly exitCode: number;
  readonly wallSeconds: number;
  /** User and system. */
  readonly cpuSeconds: number;
  readonly peakBytes: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface MeasuredProcess extends AsyncDisposable {
  readonly pid: number;
  /** Settles when it has ended. */
  readonly finished: Promise<Usage>;
  readonly stdout: Readable;
  /** Null unless it was asked for. */
  readonly stdin: Writable | null;
  kill(signal: NodeJS.Signals): void;
}

/** What is still running when this process ends. */
const atExit = new Set<() => void>();
process.on('exit', () => {
  for (const kill of atExit) kill();
});

export interface ProcessOptions {
  /** True for one that is given something to read. */
  readonly hasInput?: boolean;
  /** How often its peak memory is read: seldom where there are many. */
  readonly peakEveryMs?: number;
}

/**
 * Fd 3 gets the process id at once, in the last line the times, and what else bash has to say (of a kill) between them.
 * `exec` keeps the id; without the braces bash would take the time inside the subshell, and `exec` would end that.
 */
const SCRIPT = `
TIMEFORMAT='%R %U %S'
exec 4>&2 2>&3
time { ( echo $BASHPID >&3 && exec "$@" 2>&4 3>&- 4>&- ); }
exit $?
`;

/** Starts `command`, with nothing of this process's environment but PATH. Disposing of it kills it, and so does the end of this process. */
export async function startProcess(
  command: readonly string[],
  signal: AbortSignal,
  { hasInput = false, peakEveryMs = 20 }: ProcessOptions = {},
): Promise<MeasuredProcess> {
  signal.throwIfAborted();
  const env = { PATH: process.env.PATH, LC_ALL: 'C' };
  // A bash that can read from a socket believes to be a remote one, and runs ~/.bashrc.
  const shell = spawn('bash', ['--norc', '-c', SCRIPT, 'bash', ...command], {
    env,
    stdio: [hasInput ? 'pipe' : 'ignore', 'pipe', 'pipe', 'pipe'],
  });
  // One that has ended reads no more: how it ended is what counts.
  shell.stdin?.on('error', () => undefined);
  const reports = shell.stdio[3] as Readable;
  const [said] = (await Promise.race([once(reports, 'data'), failed(shell)])) as [Buffer];
  const [pidText = '', ...rest] = said.toString().split('\n');
  const pid = Number(pidText);
  const kill = (name: NodeJS.Signals): void => {
    if (shell.exitCode === null && shell.signalCode === null) killUnlessGone(pid, name);
  };
  const killNow = (): void => kill('SIGKILL');
  atExit.add(killNow);
  signal.addEventListener('abort', killNow);
  if (signal.aborted) killNow();
  const times = async (): Promise<string> => rest.join('\n') + (await text(reports));
  const finished = usageOf(shell, pid, times(), peakEveryMs).finally(() => {
    atExit.delete(killNow);
    signal.removeEventListener('abort', killNow);
  });
  finished.catch(() => undefined);
  return {
    pid,
    finished,
    stdout: shell.stdout as Readable,
    stdin: shell.stdin,
    kill,
    async [Symbol.asyncDispose]() {
      killNow();
      await finished;
    },
  };
}

async function failed(shell: ChildProcess): Promise<never> {
  const [error] = (await once(shell, 'error')) as [Error];
  throw new Error(`bash is needed to measure processes: ${error.message}`, { cause: error });
}

async function usageOf(
  shell: ChildProcess,
  pid: number,
  reported: Promise<string>,
  peakEveryMs: number,
): Promise<Usage> {
  let peakBytes = 0;
  const look = async (): Promise<void> => void (peakBytes = Math.max(peakBytes, await peakOf(pid)));
  const timer = setInterval(() => void look(), peakEveryMs);
  try {
    const ended = once(shell, 'exit') as Promise<[number | null]>;
    const [times, stdout, stderr, [exitCode]] = await Promise.all([
      reported,
      text(shell.stdout as Readable),
      text(shell.stderr as Readable),
      ended,
    ]);
    const [wallSeconds, user, system] = (times.trim().split('\n').at(-1) ?? '').split(' ').map(Number);
    if (wallSeconds === undefined || user === undefined || system === undefined) {
      throw new Error(`bash told no times of process ${pid}: ${JSON.stringify(times)}`);
    }
    return { exitCode: exitCode ?? 255, wallSeconds, cpuSeconds: user + system, peakBytes, stdout, stderr };
  } finally {
    clearInterval(timer);
  }
}

/** Zero once the process is gone. */
async function peakOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
}

function killUnlessGone(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
