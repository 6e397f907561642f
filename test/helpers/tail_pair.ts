/** A shipper that follows logs and its receiver, as processes, to be killed at will; and what must be true at the end. */
import { join } from 'node:path';
import { expect } from 'vitest';
import { FaultPair } from './fault_pair.ts';
import { ReceiverProgram, runServer, startShipper, type Program } from './programs.ts';
import { quietPort } from './quiet_port.ts';
import { until } from './until.ts';

/** Small batches, and no long waits. */
const QUICK = {
  ...{ BATCH_MAX_BYTES: '16KiB', BATCH_INTERVAL: '0.02', RECONNECT_MAX_DELAY: '0.1', LOG_LEVEL: 'debug' },
  ...{ TAIL_SCAN_INTERVAL: '0.5', TAIL_ROTATED_WAIT: '0.5' },
};

export class TailPair implements AsyncDisposable {
  readonly data: string;
  readonly port: number;
  readonly #args: readonly string[];
  receiver: ReceiverProgram | undefined;
  shipper: Program | undefined;

  private constructor(folder: string, port: number, args: readonly string[]) {
    this.data = join(folder, 'data');
    this.port = port;
    this.#args = args;
  }

  /** Nothing runs yet. `args` are what is followed. */
  static async in(folder: string, ...args: string[]): Promise<TailPair> {
    return new TailPair(folder, await quietPort(), args);
  }

  async startReceiver(): Promise<void> {
    if (FaultPair.isAlive(this.receiver)) return;
    this.receiver = await ReceiverProgram.start(this.data, {
      port: this.port,
      env: { SEGMENT_MAX_BYTES: '64KiB' },
    });
  }

  startShipper(): void {
    if (FaultPair.isAlive(this.shipper)) return;
    this.shipper = startShipper(this.port, ['tail', ...this.#args], QUICK);
  }

  async start(): Promise<void> {
    await this.startReceiver();
    this.startShipper();
  }

  async kill(): Promise<void> {
    await FaultPair.kill(this.shipper);
  }

  /** The archived lines, in order. */
  async archived(): Promise<string[]> {
    const { stdout } = await runServer(['cat', this.data]);
    return stdout.split('\n').slice(0, -1);
  }

  /** Settles when so many lines are archived. */
  async has(lines: number, timeoutMs = 30_000): Promise<void> {
    let count = 0;
    await until(
      `${lines} lines are archived`,
      async () => (count = (await this.archived()).length) >= lines,
      timeoutMs,
    ).catch((error: unknown) => {
      expect.fail(`${(error as Error).message}: there are ${count}\n${this.shipper?.stderr.slice(-4000)}`);
    });
  }

  /** SIGTERM ends the shipper with 0. */
  async stop(): Promise<void> {
    this.shipper?.kill('SIGTERM');
    expect(await this.shipper?.ended()).toMatchObject({ code: 0 });
  }

  /** Numbers 1 to `lines` are in the archive, each once, and it is clean. */
  async expectExactly(lines: number): Promise<void> {
    await this.start();
    await this.has(lines);
    await this.stop();
    const times = new Map<number, number>();
    for (const line of await this.archived()) {
      const { n } = JSON.parse(line) as { n: number };
      times.set(n, (times.get(n) ?? 0) + 1);
    }
    const numbers = Array.from({ length: lines }, (_, index) => index + 1);
    expect({
      missing: numbers.filter((n) => !times.has(n)),
      twice: numbers.filter((n) => (times.get(n) ?? 0) > 1),
      others: times.size - numbers.length,
    }).toEqual({ missing: [], twice: [], others: 0 });
    const verified = await runServer(['verify', this.data]);
    expect(verified.stdout).toContain('clean');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.shipper?.[Symbol.asyncDispose]();
    await this.receiver?.[Symbol.asyncDispose]();
  }
}
