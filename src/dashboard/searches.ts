/** Searches in the archive, each in a thread of its own, which ends with the page that asked. */
import type { ServerResponse } from 'node:http';
import { Worker } from 'node:worker_threads';
import type { Logger } from '../base/logger.ts';
import { sendJson } from '../monitor/server/monitor_server.ts';
import { DashboardError } from './dashboard_error.ts';
import type { SearchOrder, SearchResult } from './search_worker.ts';

/** In the built program it is JavaScript. */
const WORKER = new URL('./search_worker.ts', import.meta.url);
const PROGRAM = import.meta.url.endsWith('.ts') ? WORKER : new URL(WORKER.href.replace(/ts$/, 'js'));

const HEAP = { maxYoungGenerationSizeMb: 16, maxOldGenerationSizeMb: 512 };

/** More would take the machine from the receiver. */
const MAX_AT_ONCE = 2;

/** What is found by then is shown. */
const WITHIN_MS = 20_000;
const END_WITHIN_MS = 5000;

const NAMES = ['since', 'until', 'level', 'service', 'tag', 'text'] as const;
const MAX_LENGTH = 500;

export class Searches implements AsyncDisposable {
  readonly #folder: string;
  readonly #log: Logger;
  readonly #running = new Set<Worker>();

  constructor(folder: string, log: Logger) {
    this.#folder = folder;
    this.#log = log;
  }

  /** Answers with a SearchResult. Throws DashboardError `bad_request`, `too_many` or `unavailable`. */
  async answer(query: URLSearchParams, response: ServerResponse): Promise<void> {
    const order = orderOf(query, this.#folder);
    if (this.#running.size >= MAX_AT_ONCE)
      throw new DashboardError('too_many', 'other searches are running: try again when they are done');
    const worker = new Worker(PROGRAM, { workerData: order, name: 'search', resourceLimits: HEAP });
    this.#running.add(worker);
    const giveUp = (): void => {
      this.#running.delete(worker);
      void worker.terminate();
    };
    response.once('close', giveUp);
    const late = setTimeout(giveUp, WITHIN_MS + END_WITHIN_MS).unref();
    try {
      const result = await resultOf(worker);
      if (response.destroyed) return;
      if ('problem' in result) throw new DashboardError('bad_request', result.problem);
      sendJson(response, 200, result);
    } catch (error) {
      if (response.destroyed) return;
      if (error instanceof DashboardError) throw error;
      this.#log.error({ err: error }, `a search of the dashboard failed: ${(error as Error).message}`);
      throw new DashboardError('unavailable', 'the search failed: the log of the receiver says why');
    } finally {
      clearTimeout(late);
      this.#running.delete(worker);
      await worker.terminate();
    }
  }

  /** Ends all of them. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#running].map((worker) => worker.terminate()));
  }
}

function orderOf(query: URLSearchParams, folder: string): SearchOrder {
  const wishes = Object.fromEntries(
    NAMES.map((name) => [name, query.get(name)?.trim() ?? ''] as const).filter(([, value]) => value !== ''),
  );
  for (const [name, value] of Object.entries(wishes))
    if (value.length > MAX_LENGTH)
      throw new DashboardError('bad_request', `${name} is longer than ${MAX_LENGTH} characters`);
  return { folder, wishes, withinMs: WITHIN_MS };
}

function resultOf(worker: Worker): Promise<SearchResult | { readonly problem: string }> {
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', () => reject(new Error('its thread ended before it had an answer')));
  });
}
