/** Ships an application's lines, in a thread of its own: from a journal, or from memory. It ends only when it is told to. */
import { setTimeout as delay } from 'node:timers/promises';
import { pino, type Logger } from 'pino';
import { readClientTls, readToken } from '../config/access.ts';
import { receiversOf } from '../config/addresses.ts';
import type { LibrarySettings } from '../config/library.ts';
import { LevelController } from '../shipper/level_controller.ts';
import type { ShaperOf } from '../shipper/shaper.ts';
import { noCounts } from '../shipper/counts.ts';
import { Shipper, type ShipperOptions } from '../shipper/shipper.ts';
import { ShipperError } from '../shipper/shipper_error.ts';
import type { Lost } from '../shipper/source.ts';
import { Journal } from '../shipper/sources/journal/journal.ts';
import { Queue } from '../shipper/sources/queue.ts';
import { MemorySpool } from '../shipper/spool/memory_spool.ts';
import type { Figures } from './figures.ts';

export interface EngineOptions {
  readonly settings: LibrarySettings;
  readonly shipperId: string;
  /** The run of the journal in SPOOL_DIR; without it lines are pushed. */
  readonly run?: string;
  readonly figures: Figures;
  readonly onProblem: (message: string) => void;
}

/** After a failure that trying again at once would not help (a token refused, say). */
const RETRY_AFTER_MS = 30_000;

const FIGURES_EVERY_MS = 100;

const JOURNAL_READ_BYTES = 256 * 1024;

export class Engine {
  readonly #options: EngineOptions;
  readonly #log: Logger;
  readonly #ending = new AbortController();
  readonly #source: Journal | Queue;
  readonly #memory: MemorySpool | undefined;
  readonly #ended: Promise<void>;
  readonly #timer: NodeJS.Timeout;
  #shipper: Shipper | undefined;
  /** What the shippers before this one did. */
  #past = { acknowledged: 0, rejected: 0 };

  constructor(options: EngineOptions, shaperOf: ShaperOf | undefined) {
    this.#options = options;
    const { settings, run, figures } = options;
    this.#log = logTo(options.onProblem, settings.LOG_LEVEL);
    const lines = { maxLineBytes: settings.MAX_LINE_BYTES, ...(shaperOf === undefined ? {} : { shaperOf }) };
    const journal = { folder: settings.SPOOL_DIR, readBytes: JOURNAL_READ_BYTES, log: this.#log };
    let taken = 0;
    this.#source =
      run === undefined
        ? new Queue({ ...lines, onTaken: (bytes) => figures.set('takenBytes', (taken += bytes)) })
        : new Journal({ ...lines, ...journal, run });
    // At once: should this thread fall, what is acknowledged by then is not taken for lost.
    const onAcknowledged = (): void => this.#showFigures();
    this.#memory = run === undefined ? memorySpool(settings, this.#log, onAcknowledged) : undefined;
    this.#timer = setInterval(() => this.#showFigures(), FIGURES_EVERY_MS).unref();
    this.#ended = this.#keepShipping();
  }

  /** Takes lines, each ended by a newline, or the word that some are missing there; not with a journal. */
  push(lines: Buffer | Lost): void {
    if (this.#source instanceof Queue) this.#source.push(lines);
  }

  /** Tells that the journal has grown. */
  grew(): void {
    if (this.#source instanceof Journal) this.#source.grew();
  }

  /** Settles when all it was given until now is acknowledged, or rejected and kept, or dropped. */
  async flush(): Promise<void> {
    await this.#source.flush();
    await this.#memory?.delivered();
    this.#showFigures();
  }

  /** Nothing more will come. Settles when all of it is delivered, or can't be; which one `figures` says. */
  async end(): Promise<void> {
    this.#source.end();
    this.#ending.abort();
    await this.#ended;
  }

  /** One shipper after the other, until one has delivered everything, as far as can be known, or fails after the end. */
  async #keepShipping(): Promise<void> {
    const { figures } = this.#options;
    const ending = this.#ending.signal;
    for (let isDelivered = false; figures.state === 'running';) {
      const isLast = ending.aborted;
      const failure = await this.#shipOnce();
      isDelivered = failure === undefined || codeOf(failure) === 'in_doubt';
      if (isDelivered || isLast) {
        clearInterval(this.#timer);
        this.#showFigures();
        figures.end(isDelivered ? 'delivered' : 'gave_up');
      } else if (codeOf(failure) !== 'receiver_went_back')
        await delay(RETRY_AFTER_MS, undefined, { signal: ending }).catch(() => undefined);
    }
  }

  /** Ships until the source ends. The answer is what went wrong, if anything: it has been told. */
  async #shipOnce(): Promise<Error | undefined> {
    try {
      this.#memory?.begin();
      this.#shipper = new Shipper(this.#shipperOptions());
      await this.#shipper.run(new AbortController().signal);
      return undefined;
    } catch (error) {
      this.#log.error((error as Error).message);
      return error as Error;
    } finally {
      if (this.#source instanceof Journal) await this.#source.deleted();
      this.#addToPast();
    }
  }

  #shipperOptions(): ShipperOptions {
    const { settings, shipperId } = this.#options;
    const [tls, token] = [readClientTls(settings), readToken(settings)];
    const levels = levelsFor(settings, this.#log);
    return {
      source: this.#source,
      batcher: {
        size: settings.BATCH_SIZE,
        intervalMs: settings.BATCH_INTERVAL * 1000,
        maxBytes: settings.BATCH_MAX_BYTES,
      },
      compression: {
        algorithm: settings.COMPRESSION_ENABLED ? settings.COMPRESSION_ALGORITHM : 'none',
        level: settings.COMPRESSION_LEVEL,
        bypassBelow: settings.BYPASS_THRESHOLD,
      },
      ...(levels === undefined ? {} : { levels }),
      ...(this.#memory === undefined ? {} : { spool: this.#memory }),
      dial: {
        addresses: receiversOf(settings),
        delivery: settings.DELIVERY,
        helloTimeoutMs: settings.HELLO_TIMEOUT * 1000,
        shipperId,
        ...(tls === undefined ? {} : { tls }),
        ...(token === undefined ? {} : { token }),
      },
      reconnect: { firstMs: 100, maxMs: settings.RECONNECT_MAX_DELAY * 1000 },
      closeTimeoutMs: settings.SHUTDOWN_TIMEOUT * 1000,
      stateFolder: settings.STATE_DIR,
      log: this.#log,
    };
  }

  #showFigures(): void {
    const { figures } = this.#options;
    const { acknowledged, rejected } = this.#shipper?.counts ?? noCounts();
    figures.set('acknowledged', this.#past.acknowledged + acknowledged);
    figures.set('rejected', this.#past.rejected + rejected);
    figures.set('dropped', this.#memory?.droppedInAll ?? 0);
    figures.set('isConnected', this.#shipper?.isConnected === true ? 1 : 0);
  }

  #addToPast(): void {
    const { acknowledged, rejected } = this.#shipper?.counts ?? noCounts();
    this.#past.acknowledged += acknowledged;
    this.#past.rejected += rejected;
    this.#shipper = undefined;
  }
}

const codeOf = (error: Error | undefined): string | undefined =>
  error instanceof ShipperError ? error.code : undefined;

function memorySpool(settings: LibrarySettings, log: Logger, onAcknowledged: () => void): MemorySpool {
  const { QUEUE_MAX_BYTES: maxBytes, QUEUE_FULL: full } = settings;
  return new MemorySpool({ maxBytes: maxBytes / 2, full, log, now: Date.now, onAcknowledged });
}

function levelsFor(settings: LibrarySettings, log: Logger): LevelController | undefined {
  if (!settings.ADAPTIVE_ENABLED || !settings.COMPRESSION_ENABLED) return undefined;
  return new LevelController({
    bounds: { min: settings.ADAPTIVE_MIN_LEVEL, max: settings.ADAPTIVE_MAX_LEVEL },
    start: settings.COMPRESSION_LEVEL,
    checkIntervalMs: settings.ADAPTIVE_CHECK_INTERVAL * 1000,
    log,
  });
}

/** A logger for the shipper: what it says goes to `tell`, not to the application's output. */
function logTo(tell: (message: string) => void, level: string): Logger {
  return pino(
    { level, base: null },
    { write: (line: string) => tell((JSON.parse(line) as { msg?: string }).msg ?? line) },
  );
}
