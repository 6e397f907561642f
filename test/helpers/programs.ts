/** The two programs as processes of their own, as a user runs them. Each is ended when its handle is disposed of. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { listSegments } from '../../src/archive/segment_name.ts';
import { until } from './until.ts';

const ROOT = new URL('../..', import.meta.url).pathname;

/** A line of a program's log. */
export interface LogLine {
  readonly msg: string;
  readonly level: number;
  readonly [field: string]: unknown;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class Program implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly #ended: Promise<unknown[]>;
  #stdout: Buffer[] = [];
  #stderr: Buffer[] = [];

  constructor(
    script: 'server_main.ts' | 'client_main.ts',
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ) {
    this.child = spawn(process.execPath, [ROOT + script, ...args], {
      cwd: ROOT,
      env: { ...process.env, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#ended = once(this.child, 'close');
    // What is written to a program that has just ended breaks its pipe: how it ended is what a test looks at.
    this.child.stdin?.on('error', () => undefined);
    this.child.stdout?.on('data', (bytes: Buffer) => this.#stdout.push(bytes));
    this.child.stderr?.on('data', (bytes: Buffer) => this.#stderr.push(bytes));
  }

  get stdout(): string {
    return Buffer.concat(this.#stdout).toString('utf8');
  }

  get stderr(): string {
    return Buffer.concat(this.#stderr).toString('utf8');
  }

  get stdoutBytes(): Buffer {
    return Buffer.concat(this.#stdout);
  }

  /** The log so far: the receiver logs to standard output, the shipper to standard error. */
  get log(): LogLine[] {
    const lines = `${this.stdout}\n${this.stderr}`.split('\n');
    return lines
      .filter((line) => line.startsWith('{') && line.endsWith('}'))
      .map((line) => JSON.parse(line) as LogLine);
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  async ended(): Promise<Ended> {
    await this.#ended;
    return {
      code: this.child.exitCode,
      signal: this.child.signalCode,
      stdout: this.stdout,
      stderr: this.stderr,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill('SIGKILL');
    await this.#ended;
  }
}

/** A receiver that listens, and its port. */
export class ReceiverProgram extends Program {
  port = 0;

  static async start(
    dataDir: string,
    { port = 0, env = {} }: { port?: number; env?: Record<string, string> } = {},
  ): Promise<ReceiverProgram> {
    const program = new ReceiverProgram('server_main.ts', ['serve'], {
      SERVER_HOST: '127.0.0.1',
      SERVER_PORT: String(port),
      DATA_DIR: dataDir,
      ...env,
    });
    const stdout = program.child.stdout;
    if (stdout === null) throw new Error('no standard output');
    for await (const line of createInterface({ input: stdout })) {
      const { port: listening } = JSON.parse(line) as LogLine & { port?: number };
      if (listening !== undefined) program.port = listening;
      if (program.port !== 0) break;
    }
    if (program.port === 0) throw new Error(`the receiver did not start:\n${program.stderr}`);
    stdout.resume();
    return program;
  }

  /** Entries made durable so far, by its own once-a-second word. */
  get stored(): number {
    return this.log.reduce((most, { total }) => Math.max(most, typeof total === 'number' ? total : 0), 0);
  }

  /** Settles when the archive in `dataDir` is larger than `bytes`: sooner than the once-a-second word. */
  async hasWritten(dataDir: string, bytes: number): Promise<void> {
    await until(
      `the archive grows past ${bytes} bytes`,
      async () => (await archiveBytes(dataDir)) > bytes,
      30_000,
    );
  }

  async hasStored(entries: number): Promise<void> {
    await until(`the receiver has stored ${entries} entries`, () => this.stored >= entries, 30_000);
  }
}

/** The size of all segments of an archive. */
export async function archiveBytes(dataDir: string): Promise<number> {
  const sizes = await Promise.all(
    (await listSegments(dataDir)).map(async ({ name }) => (await stat(join(dataDir, name))).size),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** Starts a shipper against the receiver on `port`. */
export function startShipper(
  port: number,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Program {
  return new Program('client_main.ts', args, {
    SERVER_HOST: '127.0.0.1',
    SERVER_PORT: String(port),
    RECONNECT_MAX_DELAY: '0.5',
    // On a machine with too much to do a receiver may be late: shipping plain then is not what is tested.
    HELLO_TIMEOUT: '30',
    ...env,
  });
}

/** Runs a command of the receiver's program to its end. */
export async function runServer(args: readonly string[]): Promise<Ended & { readonly bytes: Buffer }> {
  await using program = new Program('server_main.ts', args);
  const ended = await program.ended();
  return { ...ended, bytes: program.stdoutBytes };
}

/** Runs a command of the shipper's program to its end. */
export async function runClient(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  await using program = new Program('client_main.ts', args, env);
  return await program.ended();
}
