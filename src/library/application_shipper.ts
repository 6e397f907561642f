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

/** A thread that fell is begun again after so long. */
const RESTART_AFTER_MS = 1000;

/** A timer takes no longer. */
const LONGEST_WAIT_MS = 2 ** 31 - 1;

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
  #isClosed = false;
  #growth: NodeJS.Immediate | undefined;
  /** Lines logged after the end. */
  #refused = 0;
  /** Lines that a thread had when it fell, which the next declares lost. */
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
    await within(timeoutSeconds * 1000, late, async () => {
      await this.#ready;
      if (this.#sink instanceof MemorySink) this.#sink.flush();
      if (this.#thread === undefined) throw new Error('the shipper is closed, or its thread fell');
      await this.#thread.flush();
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
    if (this.#task !== undefined && !this.#isClosed) this.#begin(this.#task);
  }

  #begin(task: Task): void {
    const thread = new Thread(
      { options: this.#options, ...task },
      {
        onProblem: (code, message) => this.#tell(code, message),
        onFallen: (reason) => this.#fell(task, reason),
      },
    );
    this.#thread = thread;
    if (this.#sink instanceof MemorySink) this.#sink.use(thread, this.#lostWithThread);
    this.#lostWithThread = 0;
  }

  /** The thread is gone: what it had in memory is lost, what is in the spool is shipped by the next. */
  #fell(task: Task, reason: string): void {
    this.#past = this.#settledCounts();
    this.#thread = undefined;
    if (this.#sink instanceof MemorySink) {
      this.#sink.pause();
      const { acknowledged, rejected, dropped } = this.#past;
      this.#lostWithThread = Math.max(0, this.#sink.handedOver - acknowledged - rejected - dropped);
      this.#past = { ...this.#past, dropped: dropped + this.#lostWithThread };
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
    this.#end();
    await this.#ready;
    await this.#thread?.end(Math.max(0, deadline - performance.now()));
    this.#past = this.#settledCounts();
    this.#thread = undefined;
    if (this.#sink instanceof SpoolSink) await this.#sink.close();
    this.#leaveExit();
  }

  /** The process ends: what can still be done is done now, and waited for within EXIT_TIMEOUT. */
  #exit(): void {
    if (this.#isClosed) return;
    this.#end();
    this.#thread?.endSync(this.#settings.EXIT_TIMEOUT * 1000);
  }

  #end(): void {
    this.#isClosed = true;
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

/** Settles as `task` does, or rejects with `late` after so long. */
async function within(timeoutMs: number, late: Error, task: () => Promise<void>): Promise<void> {
  const tooLate = Promise.withResolvers<never>();
  const timer = setTimeout(() => tooLate.reject(late), Math.min(timeoutMs, LONGEST_WAIT_MS));
  try {
    await Promise.race([task(), tooLate.promise]);
  } finally {
    clearTimeout(timer);
  }
}
