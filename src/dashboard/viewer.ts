/** One open page: a stream of server-sent events to a browser, which may be slow, or asleep. */
import type { ServerResponse } from 'node:http';
import type { EntryFilter } from './entry_filter.ts';
import { keyOf } from './entry_filter.ts';

/** What may wait in memory for a viewer. Past it what comes is dropped, and how much is said when there is room again. */
const MAX_WAITING_BYTES = 1024 * 1024;

/** A viewer that took nothing for so long is let go; its page comes back when it wakes. */
const STUCK_AFTER_MS = 60_000;

export class Viewer {
  readonly id: number;
  readonly filter: EntryFilter;
  readonly key: string;
  readonly #response: ServerResponse;
  #dropped = 0;
  #movedAt = performance.now();

  /** Begins the answer. */
  constructor(id: number, filter: EntryFilter, response: ServerResponse) {
    this.id = id;
    this.filter = filter;
    this.key = keyOf(filter);
    this.#response = response;
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'x-accel-buffering': 'no',
    });
    response.on('drain', () => (this.#movedAt = performance.now()));
  }

  /** Sends events, as `eventText` makes them, or drops them: then it is false. `entries` is how many entries are in them. */
  send(events: string, entries = 0): boolean {
    const response = this.#response;
    if (response.destroyed) return false;
    if (response.writableLength === 0) this.#movedAt = performance.now();
    if (response.writableLength + events.length > MAX_WAITING_BYTES) {
      this.#dropped += entries;
      if (performance.now() - this.#movedAt > STUCK_AFTER_MS) this.close();
      return false;
    }
    const dropped = this.#dropped;
    this.#dropped = 0;
    response.write(dropped === 0 ? events : eventText('dropped', { entries: dropped }) + events);
    return true;
  }

  /** Ends the stream at once. */
  close(): void {
    this.#response.destroy();
  }
}

/** A server-sent event as it is sent. */
export const eventText = (name: string, data: unknown): string =>
  `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
