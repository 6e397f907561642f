/** Whether the events are what was stored: their numbers without a gap, their hashes one chain, up to the head. */
import { readRows } from './event_reader.ts';
import { EVENT_COLUMNS, eventOf, readHead, type Head } from './event_rows.ts';
import { hashOf, NO_HASH } from './hash_chain.ts';
import type { Queries, SqlRow } from './sql.ts';

const PAGE = 5000;
const MAX_PROBLEMS = 100;

export interface Problem {
  readonly position: number;
  readonly what: string;
}

export interface VerifyReport {
  readonly events: number;
  /** The first hundred, in the order of positions. */
  readonly problems: readonly Problem[];
  readonly problemCount: number;
  /** The last event's position, and its hash in hex: noted elsewhere they show later that nothing up to here was changed. */
  readonly position: number;
  readonly hash: string;
}

/** Reads all events that are there when it begins. Each fault is told once: behind it the chain goes on from what is stored. */
export async function verifyEvents(queries: Queries, signal?: AbortSignal): Promise<VerifyReport> {
  const head = await readHead(queries);
  const check = new ChainCheck();
  for (;;) {
    signal?.throwIfAborted();
    const filter = { after: check.last.position, upTo: head.position };
    const rows = await readRows(queries, `${EVENT_COLUMNS}, hash`, filter, PAGE);
    if (rows.length === 0) return check.report(head);
    for (const row of rows) check.next(row);
  }
}

class ChainCheck {
  last: Head = { position: 0, hash: NO_HASH };
  #events = 0;
  #problemCount = 0;
  readonly #problems: Problem[] = [];

  next(row: SqlRow): void {
    const event = eventOf(row);
    const { position, hash } = { position: event.position, hash: row[7] as Buffer };
    const missing = this.#gapBefore(position);
    if (missing !== undefined) this.#found(position, missing);
    else if (!hashOf(this.last.hash, event).equals(hash))
      this.#found(position, 'it is not what was stored here, or follows another event than it did');
    this.last = { position, hash };
    this.#events += 1;
  }

  report(head: Head): VerifyReport {
    const missing = this.#gapBefore(head.position + 1);
    if (missing !== undefined) this.#found(head.position + 1, missing);
    else if (!this.last.hash.equals(head.hash))
      this.#found(head.position, 'the hash in event_head is another than that of the last event');
    return {
      events: this.#events,
      problems: this.#problems,
      problemCount: this.#problemCount,
      position: head.position,
      hash: head.hash.toString('hex'),
    };
  }

  #gapBefore(position: number): string | undefined {
    const first = this.last.position + 1;
    if (first === position) return undefined;
    return first === position - 1
      ? `position ${first} is missing before it`
      : `positions ${first} to ${position - 1} are missing before it`;
  }

  #found(position: number, what: string): void {
    this.#problemCount += 1;
    if (this.#problems.length < MAX_PROBLEMS) this.#problems.push({ position, what });
  }
}
