/** What this process takes of its machine, and whether its event loop keeps up. */
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';

export interface ProcessReading {
  /** Since the start of the process, in seconds of all its threads. */
  readonly cpuSeconds: number;
  readonly residentBytes: number;
  readonly heapBytes: number;
  /** Buffers outside of the heap. */
  readonly externalBytes: number;
  /** Time in which the main thread had something to do, since the start of the process. */
  readonly loopBusySeconds: number;
  /** How long the main thread was held up, at worst, in the last minute. */
  readonly loopDelaySeconds: number;
  /** Milliseconds since 1970. */
  readonly startedAtMs: number;
}

const TICK_MS = 1000;
const LOOKED_BACK_SECONDS = 60;

/** The delay of the event loop is looked at so often. */
const RESOLUTION_MS = 20;

export class ProcessFigures implements Disposable {
  readonly #delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  readonly #timer: NodeJS.Timeout;
  /** The worst delay of each of the last seconds, in seconds. */
  #worst: number[] = [];

  /** Watches the event loop until it is disposed of. */
  constructor() {
    this.#delay.enable();
    this.#timer = setInterval(() => this.#tick(), TICK_MS).unref();
  }

  get reading(): ProcessReading {
    const { user, system } = process.cpuUsage();
    const { rss, heapUsed, external } = process.memoryUsage();
    return {
      cpuSeconds: (user + system) / 1e6,
      residentBytes: rss,
      heapBytes: heapUsed,
      externalBytes: external,
      loopBusySeconds: performance.eventLoopUtilization().active / 1000,
      loopDelaySeconds: Math.max(this.#worstNow(), ...this.#worst),
      startedAtMs: Math.round(performance.timeOrigin),
    };
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#delay.disable();
  }

  #tick(): void {
    this.#worst = [...this.#worst, this.#worstNow()].slice(-LOOKED_BACK_SECONDS);
    this.#delay.reset();
  }

  /** A look that comes in time counts as its own distance: that is not a delay. */
  #worstNow(): number {
    const seconds = this.#delay.count === 0 ? 0 : this.#delay.max / 1e9 - RESOLUTION_MS / 1000;
    return Math.max(0, seconds);
  }
}
