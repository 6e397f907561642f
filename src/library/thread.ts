/** The application's end of the thread that ships. The thread never keeps the application alive: whoever waits for it has a timer that does. */
import { Worker } from 'node:worker_threads';
import { Figures } from './figures.ts';
import type { FromThread, ProblemCode, ThreadOrders, ToThread } from './messages.ts';

export interface ThreadEvents {
  readonly onProblem: (code: ProblemCode, message: string) => void;
  /** Called once, when the thread is gone without having been told to end. */
  readonly onFallen: (reason: string) => void;
}

/** In the built package it is JavaScript. */
const MAIN = new URL('./thread_main.ts', import.meta.url);
const PROGRAM = import.meta.url.endsWith('.ts') ? MAIN : new URL(MAIN.href.replace(/ts$/, 'js'));

/** Who waits for a flush: that of this number, or a later one. */
interface Waiter extends PromiseWithResolvers<void> {
  readonly number: number;
}

export class Thread {
  readonly figures = new Figures();
  readonly #worker: Worker;
  readonly #events: ThreadEvents;
  readonly #exited: Promise<void>;
  readonly #waiters = new Set<Waiter>();
  /** Flushes that the thread was asked for, and how many of them are done. */
  #asked = 0;
  #flushed = 0;
  #isEnding = false;
  #reason = 'its thread ended';

  constructor(orders: Omit<ThreadOrders, 'figures'>, events: ThreadEvents) {
    this.#events = events;
    const workerData: ThreadOrders = { ...orders, figures: this.figures.memory };
    // Its own options of Node, as those of the application (a loader, --test) are not meant for it.
    this.#worker = new Worker(PROGRAM, { workerData, name: 'logferry', execArgv: [] });
    this.#worker.on('message', (message: FromThread) => this.#received(message));
    this.#worker.on('error', (error: Error) => (this.#reason = error.message));
    this.#exited = new Promise((resolve) => this.#worker.once('exit', () => resolve()));
    void this.#exited.then(() => this.#gone());
    this.#worker.unref();
  }

  post(message: ToThread): void {
    const transfer = message.kind === 'lines' ? [message.bytes.buffer as ArrayBuffer] : [];
    this.#worker.postMessage(message, transfer);
  }

  /**
   * Settles when all that was posted is settled. Rejects where the thread is gone first, or `over` says that nobody waits
   * any more. Those who come while one flush is under way share the next: nothing gathers while the receiver is down.
   */
  async flush(over: AbortSignal): Promise<void> {
    over.throwIfAborted();
    const waiter = { number: this.#asked + 1, ...Promise.withResolvers<void>() };
    this.#waiters.add(waiter);
    over.addEventListener('abort', waiter.reject, { once: true });
    if (this.#asked === this.#flushed) this.#askForFlush();
    await waiter.promise.finally(() => this.#waiters.delete(waiter));
  }

  /** Nothing more will be posted. Settles when the thread has ended by itself, or was made to after so long. */
  async end(timeoutMs: number): Promise<void> {
    this.tellEnd();
    const timer = setTimeout(() => void this.#worker.terminate(), timeoutMs);
    await this.#exited;
    clearTimeout(timer);
  }

  /** For the end of the process: blocks until all is delivered, at most so long. */
  endSync(timeoutMs: number): void {
    this.tellEnd();
    this.figures.waitForEnd(timeoutMs);
  }

  tellEnd(): void {
    if (this.#isEnding) return;
    this.#askForFlush();
    this.post({ kind: 'end' });
    this.#isEnding = true;
  }

  /** Where somebody waits for one that is not under way. */
  #askForFlush(): void {
    const isWanted = [...this.#waiters].some(({ number }) => number > this.#asked);
    if (!isWanted) return;
    this.#asked += 1;
    this.post({ kind: 'flush', id: this.#asked });
  }

  #received(message: FromThread): void {
    if (message.kind === 'flushed') this.#endFlush(message.id);
    else this.#events.onProblem(message.code, message.message);
  }

  #endFlush(number: number): void {
    this.#flushed = number;
    for (const waiter of this.#waiters) if (waiter.number <= number) waiter.resolve();
    if (this.#asked === this.#flushed && !this.#isEnding) this.#askForFlush();
  }

  #gone(): void {
    const error = new Error(`what was logged may not be delivered: ${this.#reason}`);
    for (const { reject } of this.#waiters) reject(error);
    this.figures.end(this.figures.state === 'running' ? 'gave_up' : this.figures.state);
    if (!this.#isEnding) this.#events.onFallen(this.#reason);
  }
}
