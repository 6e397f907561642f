/**
 * The pages that are open. While there is one, twice a second a thread is asked what came (dashboard_thread.ts), and
 * what it answers is told to all of them, once a second with the figures; while there is none, nothing is done.
 * Fifty pages cost fifty writes each time, so all there is to tell goes into one.
 */
import type { ServerResponse } from 'node:http';
import type { Logger } from '../base/logger.ts';
import { DashboardError } from './dashboard_error.ts';
import { DashboardThread } from './dashboard_thread.ts';
import type { Answer } from './dashboard_worker.ts';
import type { EntryFilter } from './entry_filter.ts';
import { Viewer, eventText } from './viewer.ts';

export interface ViewersOptions {
  /** The archive, if there is one: without it there are figures alone. */
  readonly folder?: string;
  readonly maxViewers: number;
  /** What is told each second, as JSON. */
  readonly figures: () => object;
  /** What a new viewer is told once: the past. */
  readonly history: () => object;
  readonly log: Logger;
}

const MOMENT_MS = 500;
const MOMENTS_A_SECOND = 2;

/** After the last page is closed the thread keeps what it knows for so long. */
const KEEP_THREAD_MS = 5 * 60_000;

/** A thread that owes an answer is not asked again; one that fell will never give it. */
const ANSWER_WITHIN_MS = 10_000;

export class Viewers implements AsyncDisposable {
  readonly #options: ViewersOptions;
  readonly #viewers = new Map<number, Viewer>();
  /** Those that were not told the past yet, and when it was last asked for. */
  readonly #unwelcomed = new Map<number, number>();
  readonly #thread: DashboardThread | undefined;
  #nextId = 1;
  #moments = 0;
  /** Figures that go with the next answer. */
  #news = '';
  #timer: NodeJS.Timeout | undefined;
  #idle: NodeJS.Timeout | undefined;
  #askedAt: number | undefined;

  constructor(options: ViewersOptions) {
    this.#options = options;
    const { folder, log } = options;
    if (folder !== undefined)
      this.#thread = new DashboardThread(folder, (answer) => this.#answered(answer), log);
  }

  get count(): number {
    return this.#viewers.size;
  }

  /** Streams to this viewer until it leaves. Throws DashboardError `too_many`. */
  add(filter: EntryFilter, response: ServerResponse): void {
    const { maxViewers, history, figures } = this.#options;
    if (this.#viewers.size >= maxViewers)
      throw new DashboardError(
        'too_many',
        `${maxViewers} pages are open already, and no more are served (DASHBOARD_MAX_VIEWERS)`,
      );
    const viewer = new Viewer(this.#nextId++, filter, response);
    this.#viewers.set(viewer.id, viewer);
    response.once('close', () => this.#left(viewer));
    viewer.send(eventText('history', history()) + eventText('figures', figures()));
    if (this.#timer === undefined) this.#begin();
    this.#unwelcomed.set(viewer.id, -Infinity);
    this.#welcome();
  }

  /** Closes all of them. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const viewer of this.#viewers.values()) viewer.close();
    this.#viewers.clear();
    clearInterval(this.#timer);
    clearTimeout(this.#idle);
    await this.#thread?.[Symbol.asyncDispose]();
  }

  #begin(): void {
    clearTimeout(this.#idle);
    this.#timer = setInterval(() => this.#moment(), MOMENT_MS).unref();
    this.#ask();
  }

  #left(viewer: Viewer): void {
    this.#viewers.delete(viewer.id);
    this.#unwelcomed.delete(viewer.id);
    if (this.#viewers.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => void this.#thread?.[Symbol.asyncDispose](), KEEP_THREAD_MS).unref();
  }

  #moment(): void {
    this.#moments += 1;
    // No answer took the last ones along.
    if (this.#news !== '') for (const viewer of this.#viewers.values()) viewer.send(this.#news);
    const isTime = this.#moments % MOMENTS_A_SECOND === 0;
    this.#news = isTime ? eventText('figures', this.#options.figures()) : '';
    this.#ask();
    this.#welcome();
  }

  /** Asks for the past, again where no answer came or it was dropped: the thread had fallen, or the viewer is slow. */
  #welcome(): void {
    for (const [id, askedAt] of this.#unwelcomed) {
      const viewer = this.#viewers.get(id);
      if (viewer === undefined || performance.now() - askedAt < ANSWER_WITHIN_MS) continue;
      if (this.#thread?.ask({ kind: 'welcome', viewer: id, filter: viewer.filter }) !== true) return;
      this.#unwelcomed.set(id, performance.now());
    }
  }

  #ask(): void {
    if (this.#askedAt !== undefined && performance.now() - this.#askedAt < ANSWER_WITHIN_MS) return;
    const filters = [...new Map([...this.#viewers.values()].map((one) => [one.key, one.filter])).values()];
    if (this.#thread?.ask({ kind: 'moment', filters }) === true) this.#askedAt = performance.now();
  }

  #answered(answer: Answer): void {
    if (answer.kind === 'welcome') {
      const { viewer: id, latest, insight } = answer;
      const viewer = this.#viewers.get(id);
      const isTold =
        viewer?.send(eventText('insight', { isWhole: true, buckets: insight })) === true &&
        viewer.send(eventText('tail', { entries: latest, left: 0, isPast: true }));
      if (isTold) this.#unwelcomed.delete(id);
      return;
    }
    this.#askedAt = undefined;
    const words = new Map(answer.words.map((word) => [word.key, word]));
    const insight = eventText('insight', { isWhole: false, buckets: answer.insight });
    const news = this.#news === '' ? '' : this.#news + insight;
    this.#news = '';
    for (const viewer of this.#viewers.values()) {
      const word = words.get(viewer.key);
      const events = news + (word?.events ?? '');
      if (events !== '') viewer.send(events, word?.entries);
    }
  }
}
