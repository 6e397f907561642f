import { spawn, spawnSync, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { until } from './until.ts';

const ROOT = join(import.meta.dirname, '..', '..');

export interface TestProcess extends AsyncDisposable {
  readonly pid: number;
  /** What it has written so far. */
  readonly stdout: string;
  readonly stderr: string;
  readonly stdin: ChildProcessWithoutNullStreams['stdin'];
  /** Settles with its exit code (null: a signal ended it), after all it wrote has been read. */
  readonly exited: Promise<number | null>;
  kill(signal: NodeJS.Signals): void;
  /** The standard output so far as JSON lines; a last line that is not whole is left out. */
  messages(): Record<string, unknown>[];
}

/** Starts a program; it is killed when disposed of. `env` is added to a clean environment. */
export function startProcess(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): TestProcess {
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(command, args, { cwd: ROOT, env: { PATH, HOME, ...env }, stdio: 'pipe' });
  const written = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (written.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (written.stderr += text));
  child.stdin.on('error', () => undefined);
  const exited = once(child, 'close').then(([code]) => code as number | null);
  exited.catch(() => undefined);
  return {
    pid: child.pid ?? 0,
    get stdout() {
      return written.stdout;
    },
    get stderr() {
      return written.stderr;
    },
    stdin: child.stdin,
    exited,
    kill: (signal) => void child.kill(signal),
    messages: () => linesOf(written.stdout).map((line) => JSON.parse(line) as Record<string, unknown>),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** `server_main.ts` or `client_main.ts` as a process of this Node. */
export function startProgram(
  name: 'server_main.ts' | 'client_main.ts',
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): TestProcess {
  return startProcess(process.execPath, [join(ROOT, name), ...args], env);
}

/** One of the programs in `test/peers/`. */
export function startPython(name: string, args: readonly string[]): TestProcess {
  return startProcess('python3', [join(ROOT, 'test', 'peers', name), ...args]);
}

/** False where Python 3 is missing: its tests are then skipped, and that is said. In CI it must be there. */
export function hasPython(): boolean {
  const isThere = spawnSync('python3', ['--version']).status === 0;
  if (!isThere && process.env.CI !== undefined) throw new Error('python3 is missing, and CI needs it');
  if (!isThere)
    process.stderr.write('SKIPPED: python3 is missing, so the tests against independent peers did not run\n');
  return isThere;
}

export interface PlainReceiver extends AsyncDisposable {
  readonly port: number;
  readonly process: TestProcess;
  /** The flags byte of each frame so far. */
  flags(): number[];
}

/** The Python receiver, listening; the entries it reads go to the file `output`. */
export async function startPlainReceiver(output: string, ...args: string[]): Promise<PlainReceiver> {
  const running = startPython('plain_receiver.py', ['--output', output, ...args]);
  await until('the Python receiver listens', () => running.messages().length > 0);
  return {
    port: running.messages()[0]?.listening as number,
    process: running,
    flags: () =>
      running
        .messages()
        .flatMap(({ frame }) => (frame === undefined ? [] : [(frame as { flags: number }).flags])),
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  };
}

const linesOf = (text: string): string[] =>
  text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .slice(0, -1);
