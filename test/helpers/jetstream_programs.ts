/** Receivers, workers and shippers around NATS servers, as processes to be killed at will; and what must be true at the end. */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import type { BlockHeader } from '../../src/archive/block.ts';
import { readBlocks } from '../../src/archive/block_reader.ts';
import { listSegments } from '../../src/archive/segment_name.ts';
import { verify } from '../../src/tools/verify.ts';
import { NumberedLines } from './numbered_lines.ts';
import { Program, ReceiverProgram } from './programs.ts';
import { quietPort } from './quiet_port.ts';
import { until } from './until.ts';

export type Role = 'receiver' | 'worker';

/** Small blocks, and a worker that is dead is soon known to be. */
const SMALL = {
  BATCH_MAX_BYTES: '16KiB',
  BATCH_INTERVAL: '0.02',
  RECONNECT_MAX_DELAY: '0.2',
  HELLO_TIMEOUT: '30',
  NATS_PARTITIONS: '2',
  NATS_WORKER_LEASE: '1',
};

const LINES_PAUSE_MS = 20;

const LOOK_EVERY_MS = 200;

/** Elections and leases take seconds, and a busy machine its time. */
const PATIENCE_MS = 60_000;

interface Writer {
  readonly id: string;
  readonly program: Program;
  readonly lines: NumberedLines;
}

export class JetStreamPrograms implements AsyncDisposable {
  /** Where the workers' archives are. */
  readonly folders: readonly string[];
  readonly #folder: string;
  readonly #env: Readonly<Record<string, string>>;
  readonly #ports: readonly number[];
  readonly #running = new Map<string, Program>();
  #writers: Writer[] = [];
  /** How many lines each shipper has shipped that is done, by its id. */
  readonly #shipped = new Map<string, number>();

  private constructor(folder: string, ports: readonly number[], env: Readonly<Record<string, string>>) {
    this.#folder = folder;
    this.#ports = ports;
    this.#env = { ...SMALL, COMMIT_LOG: 'jetstream', ...env };
    this.folders = [join(folder, 'worker-0'), join(folder, 'worker-1')];
  }

  /** Two receivers and two workers, which run. `env` is for all programs, and says where NATS is. */
  static async start(
    folder: string,
    env: Readonly<Record<string, string>> & { readonly NATS_URL: string },
  ): Promise<JetStreamPrograms> {
    const programs = new JetStreamPrograms(folder, [await quietPort(), await quietPort()], env);
    try {
      await Promise.all(programs.places().map(([role, n]) => programs.run(role, n)));
      return programs;
    } catch (error) {
      await programs[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** All that are to run: which of them, of which role. */
  places(): (readonly [Role, number])[] {
    return [0, 1].flatMap((n) => [['receiver', n] as const, ['worker', n] as const]);
  }

  /** Starts one; settles when it listens, a worker at once. */
  async run(role: Role, n: number): Promise<void> {
    const data = join(this.#folder, `${role}-${n}`);
    const env = { ...this.#env, DATA_DIR: data };
    const program =
      role === 'receiver'
        ? await ReceiverProgram.start(data, { port: this.#ports[n] ?? 0, env })
        : new Program('server_main.ts', ['follow', '--from', 'jetstream', '--output', 'archive'], env);
    this.#running.set(`${role}-${n}`, program);
  }

  /** kill -9; a program that had ended by itself is told with all it said. */
  async kill(role: Role, n: number): Promise<void> {
    const program = this.#running.get(`${role}-${n}`);
    this.#running.delete(`${role}-${n}`);
    expectAlive(`${role}-${n}`, program);
    program.kill('SIGKILL');
    await program.ended();
  }

  /** Entries that the receivers which run have acknowledged, by their word of the last second. */
  get acknowledged(): number {
    const receivers = [...this.#running.values()].filter((program) => program instanceof ReceiverProgram);
    return receivers.reduce((sum, { stored }) => sum + stored, 0);
  }

  /** Writes by two new shippers, which know both receivers, until `fault` has settled. */
  async writeDuring(fault: () => Promise<unknown>): Promise<void> {
    for (let n = 0; n < 2; n += 1) this.#startShipper();
    const ended = fault();
    await Promise.all(this.#writers.map(({ lines }) => lines.writeDuring(ended)));
  }

  #startShipper(): void {
    const id = `web-${this.#shipped.size + this.#writers.length}`;
    const host = this.#ports.map((port) => `127.0.0.1:${port}`).join(',');
    const env = { ...this.#env, SERVER_HOST: host, SHIPPER_ID: id };
    const program = new Program('client_main.ts', ['pipe'], env);
    this.#writers.push({ id, program, lines: new NumberedLines(program, { pauseMs: LINES_PAUSE_MS }) });
  }

  /**
   * What was written is acknowledged to its shippers, which end; and the workers' archives together have every entry of
   * every shipper once and in order. Answers how many there are.
   */
  async expectWhole(): Promise<number> {
    for (const [name, program] of this.#running) expectAlive(name, program);
    for (const { id, program, lines } of this.#writers) {
      await lines.end();
      const { code, stderr } = await program.ended();
      expect({ id, code, stderr: code === 0 ? '' : stderr.slice(-3000) }).toMatchObject({ code: 0 });
      const all = { read: lines.count, acknowledged: lines.count, inFlight: 0, dropped: 0, rejected: 0 };
      expect(program.log.at(-1), id).toMatchObject(all);
      this.#shipped.set(id, lines.count);
    }
    this.#writers = [];
    const total = [...this.#shipped.values()].reduce((sum, count) => sum + count, 0);
    await this.#written(total);
    const numbers = await numbersIn(this.folders);
    for (const [id, count] of this.#shipped) {
      expect(numbers.get(id)?.length, id).toBe(count);
      expect(
        numbers.get(id)?.findIndex((n, index) => n !== index + 1),
        id,
      ).toBe(-1);
    }
    return total;
  }

  /** Settles when the archives hold so many entries, and `verify` finds them clean. */
  async #written(total: number): Promise<void> {
    let report = '';
    const isWritten = async (): Promise<boolean> => {
      await delay(LOOK_EVERY_MS);
      report = '';
      if (!(await Promise.all(this.folders.map(isThere))).every(Boolean)) return false;
      const code = await verify(this.folders, { write: (text) => (report += text) });
      return code === 0 && report.includes(`, ${total} entries`);
    };
    await until(`${total} entries are written out`, isWritten, PATIENCE_MS).catch((error: unknown) => {
      throw new Error(`${(error as Error).message}\n${report}\n${this.#said()}`);
    });
  }

  /** The end of what all that run have said. */
  #said(): string {
    const programs = [...this.#running, ...this.#writers.map(({ id, program }) => [id, program] as const)];
    return programs.map(([name, program]) => `${name}:\n${endOf(program)}`).join('\n');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const programs = [...this.#running.values(), ...this.#writers.map(({ program }) => program)];
    await Promise.all(programs.map((program) => program[Symbol.asyncDispose]()));
  }
}

function expectAlive(name: string, program: Program | undefined): asserts program is Program {
  if (program === undefined) expect.fail(`${name} does not run`);
  const { exitCode, signalCode } = program.child;
  if (exitCode !== null || signalCode !== null) expect.fail(`${name} ended by itself:\n${endOf(program)}`);
}

const endOf = ({ stdout, stderr }: Program): string => `${stdout.slice(-2000)}${stderr.slice(-2000)}`;

/** The `n` of every entry of every shipper, in the order of the numbers of their blocks, whichever archive they are in. */
async function numbersIn(folders: readonly string[]): Promise<Map<string, number[]>> {
  const blocks: { readonly header: BlockHeader; readonly numbers: readonly number[] }[] = [];
  for (const folder of folders)
    for (const segment of await listSegments(folder))
      for await (const { header, read } of readBlocks(folder, segment)) {
        const entries = (await read()).toString().split('\n').slice(0, -1);
        blocks.push({ header, numbers: entries.map((line) => (JSON.parse(line) as { n: number }).n) });
      }
  blocks.sort((a, b) => a.header.epoch - b.header.epoch || a.header.sequence - b.header.sequence);
  const byShipper = Map.groupBy(blocks, ({ header }) => header.shipperId);
  return new Map([...byShipper].map(([id, own]) => [id, own.flatMap(({ numbers }) => numbers)]));
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
