/**
 * The receiver at this moment, and its last hour, second by second: what `top` and the dashboard show. Nothing here is
 * counted per entry; the figures are read once a second, and when somebody asks.
 */
import { VERSION } from '../base/version.ts';
import type { ArchiveFigures } from './archive_figures.ts';
import type { Ledger } from './ledger.ts';
import { RecentSeconds, type History } from './recent_seconds.ts';
import type { ProcessFigures, ProcessReading } from './process_figures.ts';
import { entriesAsTheyCame, type ShipperRow } from './shipper_table.ts';

/** How a receiver is; `reason` where it is not `ok`. */
export interface LiveHealth {
  readonly state: 'ok' | 'stopping' | 'not_acknowledging';
  readonly reason?: string;
}

/** Figures of each second: entries made durable, bytes off the sockets, compressed bytes stored, batches acknowledged. */
export type LiveSeries = 'logs' | 'bytesIn' | 'archivedBytes' | 'acks';

export interface LiveShipper extends ShipperRow {
  readonly entriesPerSecond: number;
  /** How long batches of it have waited here with none of them acknowledged; 0 where none waits. */
  readonly lagSeconds: number;
}

export interface LiveFigures {
  readonly version: string;
  /** Milliseconds since 1970. */
  readonly startedAtMs: number;
  readonly nowMs: number;
  readonly health: LiveHealth;
  /** Means of the last three seconds. */
  readonly perSecond: Readonly<Record<LiveSeries, number>>;
  /** The books, in entries, since the start. */
  readonly entries: Readonly<
    Record<'received' | 'stored' | 'repeated' | 'rejected' | 'refused' | 'lost' | 'inHand', number>
  >;
  readonly bytesIn: number;
  readonly rawBytes: number;
  readonly archivedBytes: number;
  /** Bytes before compression to a byte stored; null before anything is. */
  readonly compressionRatio: number | null;
  readonly connections: number;
  /** In seconds, upper bounds; null where it is past the longest bound. Since the start. */
  readonly ackSeconds: { readonly median: number | null; readonly p99: number | null };
  readonly errors: Readonly<Record<string, number>>;
  /** Entries rejected, by code. */
  readonly rejects: Readonly<Record<string, number>>;
  /** The busiest first. */
  readonly shippers: readonly LiveShipper[];
  /** Undefined before it was looked at, and where there is no archive. */
  readonly archive?: ArchiveFigures;
  readonly process: ProcessReading;
}

export interface LiveOptions {
  readonly ledger: Ledger;
  readonly health: () => LiveHealth;
  /** What was last seen of the archive. */
  readonly archive: () => ArchiveFigures | undefined;
  readonly process: ProcessFigures;
  readonly now?: () => number;
}

const TICK_MS = 1000;

/** Rates of the moment are means of so many seconds: batches come in steps. */
const RATE_SECONDS = 3;

interface Seen {
  readonly at: number;
  readonly entries: number;
}

export class Live implements Disposable {
  readonly #options: LiveOptions;
  readonly #now: () => number;
  readonly #startedAtMs: number;
  readonly #recent: RecentSeconds<LiveSeries>;
  readonly #timer: NodeJS.Timeout;
  /** What each shipper had stored at the last few ticks, the oldest first. */
  #seen = new Map<string, readonly Seen[]>();

  /** Reads the ledger once a second until it is disposed of. */
  constructor(options: LiveOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#startedAtMs = this.#now();
    this.#recent = new RecentSeconds(this.#totals(), this.#startedAtMs);
    this.#timer = setInterval(() => this.tick(), TICK_MS).unref();
  }

  /** Notes the second that has passed; called by itself. */
  tick(): void {
    const at = this.#now();
    this.#recent.tick(this.#totals(), at);
    const seen = new Map<string, readonly Seen[]>();
    for (const row of this.#options.ledger.shippers.rows) {
      const before = this.#seen.get(row.id) ?? [];
      seen.set(row.id, [...before, { at, entries: entriesAsTheyCame(row) }].slice(-RATE_SECONDS - 1));
    }
    this.#seen = seen;
  }

  /** The figures of this moment. A new object; what is in it does not change. */
  get figures(): LiveFigures {
    const { ledger, health, archive, process } = this.#options;
    const seen = archive();
    const { rawBytes, archivedBytes, bytesIn, connections, errors, rejects } = ledger;
    return {
      version: VERSION,
      startedAtMs: this.#startedAtMs,
      nowMs: this.#now(),
      health: health(),
      perSecond: this.#rates(),
      entries: entriesOf(ledger),
      ...{ bytesIn, rawBytes, archivedBytes, connections, errors, rejects },
      compressionRatio: archivedBytes === 0 ? null : Math.round((rawBytes / archivedBytes) * 100) / 100,
      ackSeconds: { median: finite(ledger.acks.quantile(0.5)), p99: finite(ledger.acks.quantile(0.99)) },
      shippers: this.#shippers(),
      ...(seen === undefined ? {} : { archive: seen }),
      process: process.reading,
    };
  }

  /** The last so many seconds, at most an hour. */
  history(seconds: number): History<LiveSeries> {
    return this.#recent.last(seconds);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #totals(): Record<LiveSeries, number> {
    const { stored, bytesIn, archivedBytes, acks } = this.#options.ledger;
    return { logs: stored, bytesIn, archivedBytes, acks: acks.count };
  }

  #rates(): Record<LiveSeries, number> {
    const rate = (name: LiveSeries): number => Math.round(this.#recent.mean(name, RATE_SECONDS) * 10) / 10;
    return {
      logs: rate('logs'),
      bytesIn: rate('bytesIn'),
      archivedBytes: rate('archivedBytes'),
      acks: rate('acks'),
    };
  }

  #shippers(): LiveShipper[] {
    const now = this.#now();
    const shippers = this.#options.ledger.shippers.rows.map((row) => ({
      ...row,
      entriesPerSecond: this.#rateOf(row),
      lagSeconds: row.waiting === 0 ? 0 : Math.max(0, now - row.waitingSinceMs) / 1000,
    }));
    return shippers.toSorted(
      (a, b) => b.entriesPerSecond - a.entriesPerSecond || b.storedEntries - a.storedEntries,
    );
  }

  #rateOf({ id }: ShipperRow): number {
    const seen = this.#seen.get(id) ?? [];
    const [first, last] = [seen[0], seen.at(-1)];
    if (first === undefined || last === undefined || last.at <= first.at) return 0;
    return Math.max(0, Math.round(((last.entries - first.entries) * 10_000) / (last.at - first.at)) / 10);
  }
}

const entriesOf = ({ received, stored, repeated, rejected, refused, lost, inHand }: Ledger) => ({
  ...{ received, stored, repeated, rejected, refused, lost, inHand },
});

/** JSON has no Infinity. */
const finite = (seconds: number): number | null => (Number.isFinite(seconds) ? seconds : null);
