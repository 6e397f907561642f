/** A shipper of one growing file and its receiver, as processes, to be killed at will; and what must be true at the end. */
import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { Program, ReceiverProgram, archiveBytes, runServer, startShipper } from './programs.ts';
import { quietPort } from './quiet_port.ts';
import { until } from './until.ts';

/** Small blocks and segments: every kill is near the end of one. */
const SMALL_SHIPPER = { BATCH_MAX_BYTES: '4KiB', COMPRESSION_LEVEL: '9', RECONNECT_MAX_DELAY: '0.1' };
const SMALL_RECEIVER = { SEGMENT_MAX_BYTES: '64KiB' };

export class FaultPair implements AsyncDisposable {
  readonly data: string;
  readonly file: string;
  readonly port: number;
  readonly #env: Readonly<Record<string, string>>;
  #lines = 0;
  receiver: Program | undefined;
  shipper: Program | undefined;

  private constructor(folder: string, port: number, env: Readonly<Record<string, string>>) {
    this.data = join(folder, 'data');
    this.file = join(folder, 'input.jsonl');
    this.port = port;
    this.#env = env;
  }

  /** Nothing runs yet. `env` is for both programs. */
  static async in(folder: string, env: Readonly<Record<string, string>> = {}): Promise<FaultPair> {
    const pair = new FaultPair(folder, await quietPort(), env);
    await pair.grow(1);
    return pair;
  }

  /** The file gets so many more lines, numbered on. */
  async grow(lines: number): Promise<void> {
    let text = '';
    for (const end = this.#lines + lines; this.#lines < end;) {
      const n = (this.#lines += 1);
      text += `{"n":${n},"message":"entry ${n}","id":"${(Math.imul(n, 2654435761) >>> 0).toString(16)}"}\n`;
    }
    await appendFile(this.file, text);
  }

  get lines(): number {
    return this.#lines;
  }

  async startReceiver(): Promise<void> {
    const env = { ...SMALL_RECEIVER, ...this.#env };
    this.receiver = await ReceiverProgram.start(this.data, { port: this.port, env });
  }

  /** Starts a receiver and does not wait for it: to be killed while it recovers. */
  launchReceiver(): void {
    const where = { SERVER_HOST: '127.0.0.1', SERVER_PORT: String(this.port), DATA_DIR: this.data };
    this.receiver = new Program('server_main.ts', ['serve'], { ...SMALL_RECEIVER, ...this.#env, ...where });
  }

  startShipper(port = this.port): void {
    this.shipper = startShipper(port, ['send', this.file], { ...SMALL_SHIPPER, ...this.#env });
  }

  /** What the archive measures on disk now. */
  archived(): Promise<number> {
    return archiveBytes(this.data);
  }

  /** Settles when the archive has grown past `bytes`, or the shipper has come to the end of the file. */
  async reaches(bytes: number): Promise<void> {
    await until(
      `the archive grows past ${bytes} bytes`,
      async () => this.shipper?.child.exitCode !== null || (await this.archived()) > bytes,
      30_000,
    );
  }

  /** True where a process runs on its own accord: it has neither ended nor been ended. */
  static isAlive(program: Program | undefined): program is Program {
    return program !== undefined && program.child.exitCode === null && program.child.signalCode === null;
  }

  /** kill -9; settles when it is gone. True where it was alive until then. */
  static async kill(program: Program | undefined): Promise<boolean> {
    if (!FaultPair.isAlive(program)) return false;
    program.kill('SIGKILL');
    return (await program.ended()).signal === 'SIGKILL';
  }

  /** What was not killed ends with 0; a shipper that ended may have had nothing to do. */
  expectNoFailure(): void {
    for (const program of [this.receiver, this.shipper])
      if (program !== undefined && ![0, null].includes(program.child.exitCode)) {
        expect.fail(`a process failed by itself:\n${program.stdout}\n${program.stderr}`);
      }
  }

  /** Ships what is left, ends both in order, and holds the archive against the file, byte for byte. */
  async expectWholeAtTheEnd(): Promise<void> {
    if (!FaultPair.isAlive(this.receiver)) await this.startReceiver();
    if (FaultPair.isAlive(this.shipper)) expect(await this.shipper.ended()).toMatchObject({ code: 0 });
    this.startShipper();
    expect(await this.shipper?.ended()).toMatchObject({ code: 0 });
    this.receiver?.kill('SIGTERM');
    const stopped = await this.receiver?.ended();
    expect(stopped, stopped?.stdout.slice(-1500)).toMatchObject({ code: 0 });
    await expectWhole(this.data, this.file, this.#lines);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.shipper?.[Symbol.asyncDispose]();
    await this.receiver?.[Symbol.asyncDispose]();
  }
}

/** `verify` finds the archive clean, with so many entries, and `cat` gives the file back. */
export async function expectWhole(data: string, file: string, entries: number): Promise<void> {
  const verified = await runServer(['verify', data]);
  expect(verified.stdout).toContain('clean');
  expect(verified.stdout).toContain(`${entries} entries`);
  expect(verified).toMatchObject({ code: 0 });
  const printed = await runServer(['cat', data]);
  expect(printed.bytes.equals(await readFile(file))).toBe(true);
}
