/** Several segments searched at once, a thread each, and what they find handed on in the order of the archive. */
import { Worker } from 'node:worker_threads';
import { Signal } from '../base/signal.ts';
import type { Found } from './found.ts';
import type { Span } from './reach.ts';
import type { SearchOrders, SearchRequest, SearchWord } from './search_worker.ts';

/** In the built program it is JavaScript. */
const WORKER = new URL('./search_worker.ts', import.meta.url);
const PROGRAM = import.meta.url.endsWith('.ts') ? WORKER : new URL(WORKER.href.replace(/ts$/, 'js'));

/** What was found in one segment and not yet taken, and the thread that is to hear when it is. */
interface Task {
  readonly span: Span;
  readonly words: { readonly word: SearchWord; readonly worker: Worker }[];
}

/** What is found in these spans, by so many threads, which are ended with the iteration. Throws what a thread fell with. */
export async function* searchInThreads(
  orders: SearchOrders,
  spans: readonly Span[],
  threads: number,
): AsyncGenerator<Found, void, undefined> {
  const crew = new Crew(orders, spans, threads);
  try {
    for (const task of crew.tasks) yield* crew.found(task);
  } finally {
    await crew.end();
  }
}

class Crew {
  readonly tasks: readonly Task[];
  readonly #waiting: Task[];
  readonly #workers: Worker[];
  readonly #changed = new Signal();
  #failure: Error | undefined;

  constructor(orders: SearchOrders, spans: readonly Span[], threads: number) {
    this.tasks = spans.map((span) => ({ span, words: [] }));
    this.#waiting = [...this.tasks];
    this.#workers = Array.from({ length: Math.min(threads, spans.length) }, () => this.#begin(orders));
  }

  /** What is found in one span, as it comes. */
  async *found({ words }: Task): AsyncGenerator<Found, void, undefined> {
    for (;;) {
      const next = words.shift();
      if (next === undefined) {
        if (this.#failure !== undefined) throw this.#failure;
        await this.#changed.wait();
        continue;
      }
      const { word, worker } = next;
      yield* word.found.map(asBuffers);
      ask(worker, { kind: 'taken', bytes: word.bytes });
      if (word.isLast) return;
    }
  }

  async end(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  #begin(orders: SearchOrders): Worker {
    const worker = new Worker(PROGRAM, { workerData: orders, name: 'search' });
    let task = this.#next(worker);
    worker.on('message', (word: SearchWord) => {
      task?.words.push({ word, worker });
      if (word.isLast) task = this.#next(worker);
      this.#changed.notify();
    });
    worker.on('error', (error: Error) => {
      this.#failure ??= error;
      this.#changed.notify();
    });
    return worker;
  }

  /** Gives a thread the next span there is. */
  #next(worker: Worker): Task | undefined {
    const task = this.#waiting.shift();
    if (task === undefined) return undefined;
    const { segment, from, end } = task.span;
    ask(worker, { kind: 'segment', name: segment.name, from, end });
    return task;
  }
}

/** A buffer comes over as an array of bytes. */
function asBuffers(found: Found): Found {
  if (found.kind !== 'block') return found;
  const { buffer, byteOffset, length } = found.lines;
  return { ...found, lines: Buffer.from(buffer, byteOffset, length) };
}

const ask = (worker: Worker, request: SearchRequest): void => worker.postMessage(request);
