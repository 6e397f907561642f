import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { readClientTls, readToken } from '../config/access.ts';
import { librarySettings, type LibrarySettings } from '../config/library.ts';
import { processorRules } from '../config/processors.ts';
import { shipperIdOf } from '../shipper/shipper_id.ts';
import { atExit } from './exit.ts';
import { entryToLine, linesOf } from './line_bytes.ts';
import { MemorySink } from './memory_sink.ts';
import type { ProblemCode } from './messages.ts';
import type { Shipper, ShipperCounts, ShipperProblem } from './shipper.ts';
import { SpoolSink } from './spool_sink.ts';
import { Thread } from './thread.ts';
import { LONGEST_WAIT_MS, within } from './within.ts';

/** A thread that fell is begun again after so long. */
const RESTART_AFTER_MS = 1000;

/** What the thread ships: the lines it is handed, or those of a run of the spool. */
interface Task {
  readonly shipperId: string;
  readonly run?: string;
}

/** A shipper of an application: what it logs goes to a sink, and from there to the thread that ships. */
export class ApplicationShipper implements Shipper {
  readonly #options: Readonly<Record<string, unknown>>;
  readonly #settings: LibrarySettings;
  readonly #onProblem: (problem: ShipperProblem) => void;
  readonly #sink: MemorySink | SpoolSink;
  readonly #ready: Promise<void>;
  readonly #leaveExit: () => void;
  #task: Task | undefined;
  #thread: Thread | undefined;
  #restart: NodeJS.Timeout | undefined;
  #logged = 0;
  #closed: Promise<void> | undefined;
  /** Nothing more is taken. */
  #isClosed = false;
  /** The sink has ended: no thread is begun any more. */
  #isEnded = false;
  #growth: NodeJS.Immediate | undefined;
  /** Lines logged after the end. */
  #refused = 0;
  /** Lines that threads had when they fell, which the next declares lost. */
  #lostWithThread = 0;
  /** What threads that fell had done. */
  #past = { acknowledged: 0, rejected: 0, dropped: 0 };

  /** Throws ConfigError. */
  constructor(options: Readonly<Record<string, unknown>>, onProblem: (problem: ShipperProblem) => void) {
    const settings = librarySettings(options);
    readClientTls(settings);
    readToken(settings);
    processorRules(settings);
    this.#options = options;
    this.#settings = settings;
    this.#onProblem = onProblem;
    this.#sink = settings.SPOOL_DIR === '' ? this.#memorySink() : this.#spoolSink();
    this.#ready = this.#open();
    this.#leaveExit = atExit(() => this.#exit());
  }

  log(entry: object): void {
    this.write(entryToLine(entry));
  }

  write(given: string | Uint8Array): void {
    const lines = linesOf(given);
    if (lines === undefined) return;
    this.#logged += lines.count;
    if (this.#isClosed) this.#refused += lines.count;
    else this.#sink.take(lines);
    if (this.#sink instanceof SpoolSink) this.#tellGrown();
  }

  ready(): Promise<void> {
    return this.#ready;
  }

  async flush(timeoutSeconds = this.#settings.SHUTDOWN_TIMEOUT): Promise<void> {
    const late = new Error(`not all that was logged was acknowledged within ${timeoutSeconds} s`);
    await within(timeoutSeconds * 1000, late, async (over) => {
      await this.#ready;
      if (this.#sink instanceof MemorySink) this.#sink.flush();
      if (this.#thread === undefined) throw new Error('the shipper is closed, or its thread fell');
      await this.#thread.flush(over);
    });
  }

  close(timeoutSeconds = this.#settings.SHUTDOWN_TIMEOUT): Promise<void> {
    this.#closed ??= this.#close(timeoutSeconds * 1000);
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  get counts(): ShipperCounts {
    const { acknowledged, rejected } = this.#settledCounts();
    return { logged: this.#logged, acknowledged, rejected, dropped: this.#dropped };
  }

  #memorySink(): MemorySink {
    const { QUEUE_MAX_BYTES } = this.#settings;
    const onFull = (): void =>
      this.#tell(
        'dropped',
        'entries come faster than they can be compressed (QUEUE_MAX_BYTES): they are dropped',
      );
    return new MemorySink({ maxBytes: QUEUE_MAX_BYTES / 2, onFull });
  }

  #spoolSink(): SpoolSink {
    const wanted = this.#settings.SHIPPER_ID === '' ? undefined : this.#makeId();
    return new SpoolSink({
      settings: this.#settings,
      shipperId: { wanted, makeNew: () => this.#makeId() },
      onProblem: (message) => this.#tell('spool', message),
      now: Date.now,
    });
  }

  #makeId(): string {
    const template = this.#settings.SHIPPER_ID;
    const nonce = randomBytes(4).toString('hex');
    return shipperIdOf({
      template,
      hostname: hostname(),
      pid: process.pid,
      command: 'app',
      paths: [],
      nonce,
    });
  }

  async #open(): Promise<void> {
    this.#task = this.#sink instanceof SpoolSink ? await this.#sink.open() : { shipperId: this.#makeId() };
    if (this.#task !== undefined && !this.#isEnded) this.#begin(this.#task);
  }

  /** Never throws: a thread that can't be made is one that fell. */
  #begin(task: Task): void {
    try {
      this.#thread = new Thread(
        { options: this.#options, ...task },
        {
          onProblem: (code, message) => this.#tell(code, message),
          onFallen: (reason) => this.#fell(task, reason),
        },
      );
    } catch (error) {
      this.#fell(task, (error as Error).message);
      return;
    }
    if (this.#sink instanceof MemorySink) this.#sink.use(this.#thread, this.#lostWithThread);
    this.#lostWithThread = 0;
  }

  /** The thread is gone: what it had in memory is lost, what is in the spool is shipped by the next. */
  #fell(task: Task, reason: string): void {
    this.#past = this.#settledCounts();
    this.#thread = undefined;
    if (this.#sink instanceof MemorySink) {
      this.#sink.pause();
      const { acknowledged, rejected, dropped } = this.#past;
      const lost = Math.max(0, this.#sink.handedOver - acknowledged - rejected - dropped);
      this.#lostWithThread += lost;
      this.#past = { ...this.#past, dropped: dropped + lost };
    }
    this.#tell('thread', `the thread that ships fell and is begun again: ${reason}`);
    this.#restart = setTimeout(() => this.#begin(task), RESTART_AFTER_MS).unref();
  }

  /** The thread looks for more by itself now and then; it is told once a turn, so that it need not wait. */
  #tellGrown(): void {
    this.#growth ??= setImmediate(() => {
      this.#growth = undefined;
      this.#thread?.post({ kind: 'grew' });
    });
  }

  async #close(timeoutMs: number): Promise<void> {
    const deadline = performance.now() + Math.min(timeoutMs, LONGEST_WAIT_MS);
    this.#isClosed = true;
    await this.#opened(timeoutMs);
    this.#end();
    await this.#ready;
    await this.#thread?.end(Math.max(0, deadline - performance.now()));
    this.#past = this.#settledCounts();
    this.#thread = undefined;
    if (this.#sink instanceof SpoolSink) await this.#sink.close();
    this.#leaveExit();
  }

  /** Settles when what was logged can go to the thread, or has to wait for another process, or after so long. */
  async #opened(timeoutMs: number): Promise<void> {
    if (!(this.#sink instanceof SpoolSink)) return;
    const { waits } = this.#sink;
    const late = new Error('the spool is not open yet');
    await within(timeoutMs, late, () => Promise.race([this.#ready, waits])).catch(() => undefined);
  }

  /** The process ends, before the end of a `close` perhaps: what can still be done is done now, and waited for within EXIT_TIMEOUT. */
  #exit(): void {
    this.#end();
    this.#thread?.endSync(this.#settings.EXIT_TIMEOUT * 1000);
  }

  /** Twice is fine. */
  #end(): void {
    this.#isClosed = this.#isEnded = true;
    clearTimeout(this.#restart);
    clearImmediate(this.#growth);
    this.#sink.end();
  }

  /** What all threads have done. */
  #settledCounts(): { acknowledged: number; rejected: number; dropped: number } {
    const { acknowledged, rejected, dropped } = this.#past;
    const figures = this.#thread?.figures;
    return {
      acknowledged: acknowledged + (figures?.get('acknowledged') ?? 0),
      rejected: rejected + (figures?.get('rejected') ?? 0),
      dropped: dropped + (figures?.get('dropped') ?? 0),
    };
  }

  get #dropped(): number {
    return this.#sink.dropped + this.#settledCounts().dropped + this.#refused;
  }

  /** In a turn of its own: a log call must not throw, whatever is done with the problem. */
  #tell(code: ProblemCode, message: string): void {
    process.nextTick(() => this.#onProblem({ code, message }));
  }
}
