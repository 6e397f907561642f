import { Worker } from 'node:worker_threads';
import type { Logger } from '../base/logger.ts';
import type { Answer, Ask } from './dashboard_worker.ts';

/** In the built program it is JavaScript. */
const WORKER = new URL('./dashboard_worker.ts', import.meta.url);
const PROGRAM = import.meta.url.endsWith('.ts') ? WORKER : new URL(WORKER.href.replace(/ts$/, 'js'));

/** Of its heap: it holds some hundred entries, cut short, and one block at a time. */
const HEAP = { maxYoungGenerationSizeMb: 8, maxOldGenerationSizeMb: 512 };

/** A thread that fell is begun again after so long. */
const RESTART_AFTER_MS = 5000;

/** The thread that looks into entries, from the first question on; what happens to it stays with it. */
export class DashboardThread implements AsyncDisposable {
  readonly #folder: string;
  readonly #onAnswer: (answer: Answer) => void;
  readonly #log: Logger;
  #worker: Worker | undefined;
  #fellAt = -Infinity;

  constructor(folder: string, onAnswer: (answer: Answer) => void, log: Logger) {
    this.#folder = folder;
    this.#onAnswer = onAnswer;
    this.#log = log;
  }

  /** Asks it; false where it fell and is not to be begun again yet. */
  ask(ask: Ask): boolean {
    if (this.#worker === undefined && performance.now() - this.#fellAt < RESTART_AFTER_MS) return false;
    this.#worker ??= this.#start();
    this.#worker.postMessage(ask);
    return true;
  }

  /** Ends it, with all it knows. */
  async [Symbol.asyncDispose](): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }

  #start(): Worker {
    const worker = new Worker(PROGRAM, {
      workerData: { folder: this.#folder },
      name: 'dashboard',
      resourceLimits: HEAP,
    });
    worker.unref();
    worker.on('message', (answer: Answer) => this.#onAnswer(answer));
    worker.on('error', (error: Error) => {
      this.#log.error({ err: error }, `the dashboard's thread fell, and is begun again: ${error.message}`);
    });
    worker.once('exit', () => {
      if (this.#worker !== worker) return;
      this.#worker = undefined;
      this.#fellAt = performance.now();
    });
    return worker;
  }
}
