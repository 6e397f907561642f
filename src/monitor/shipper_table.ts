/**
 * Who ships, as the receiver sees it: counted once per batch. Ids are whatever peers like, so only so many have a row of
 * their own; what the others did is summed up under OTHER. A row that is given up is added to OTHER, so the sum over all rows
 * never goes back; what came to OTHER that way came at once, and is told apart for whoever makes rates of it.
 */

/** Stands for all that have no row of their own; no shipper can have this id. */
export const OTHER = '(other)';

const MAX_ROWS = 200;

/** What a shipper says of itself now and then. */
export interface ShipperWord {
  readonly version?: string;
  /** Compression level of the moment. */
  readonly level?: number;
  /** Entries it has read that are not acknowledged yet. */
  readonly backlog?: number;
}

/** One shipper, since it got its row. */
export interface ShipperRow extends ShipperWord {
  readonly id: string;
  /** Connections that are open. */
  readonly connections: number;
  /** Address and port it came from last; empty for what comes by no connection of its own. */
  readonly peer: string;
  readonly storedEntries: number;
  readonly rejectedEntries: number;
  /** Before and after compression, of what was stored. */
  readonly rawBytes: number;
  readonly archivedBytes: number;
  /** Of OTHER: what of these was stored under rows that were given up. */
  readonly formerEntries?: number;
  readonly formerArchivedBytes?: number;
  /** How long the last batch took from its last byte to its acknowledgement. */
  readonly ackSeconds: number;
  /** Milliseconds since 1970; 0 before the first. */
  readonly ackedAtMs: number;
  /** Batches that are here and not acknowledged. */
  readonly waiting: number;
  /** Milliseconds since 1970: since then some wait, and none was acknowledged. */
  readonly waitingSinceMs: number;
}

/** Entries stored, as they came: what rates are made of. */
export const entriesAsTheyCame = ({ storedEntries, formerEntries = 0 }: ShipperRow): number =>
  storedEntries - formerEntries;

/** Compressed bytes stored, likewise. */
export const bytesAsTheyCame = ({ archivedBytes, formerArchivedBytes = 0 }: ShipperRow): number =>
  archivedBytes - formerArchivedBytes;

type Row = { -readonly [Member in keyof ShipperRow]: ShipperRow[Member] };

/** One connection of a shipper, for as long as it is open. */
export interface ShipperLine {
  /** It says something of itself. */
  said(word: ShipperWord): void;
  /** A batch has come. The answer is to be called once, when it is acknowledged (with how long that took) or let go. */
  took(): (ackSeconds?: number) => void;
  rejected(entries: number): void;
  /** It is gone. Twice is fine. */
  closed(): void;
}

export interface StoredBlock {
  readonly shipperId: string;
  readonly count: number;
  readonly rawLength: number;
  readonly body: { readonly length: number };
}

export class ShipperTable {
  /** The one that did something last is the last. */
  readonly #rows = new Map<string, Row>();
  readonly #other = { ...newRow(OTHER), formerEntries: 0, formerArchivedBytes: 0 };
  readonly #now: () => number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** A shipper has connected. */
  opened(id: string, peer: string): ShipperLine {
    const row = this.#rowOf(id);
    row.peer = row === this.#other ? '' : peer;
    row.connections += 1;
    let isOpen = true;
    return {
      said: (word) => {
        if (row !== this.#other) Object.assign(row, word);
      },
      took: () => this.#took(row),
      rejected(entries) {
        row.rejectedEntries += entries;
      },
      closed() {
        if (isOpen) row.connections -= 1;
        isOpen = false;
      },
    };
  }

  /** A block became durable, by whatever way it came. */
  stored({ shipperId, count, rawLength, body }: StoredBlock): void {
    const row = this.#rowOf(shipperId);
    row.storedEntries += count;
    row.rawBytes += rawLength;
    row.archivedBytes += body.length;
  }

  /** Those with a row of their own, and the others where there are any, last. */
  get rows(): readonly ShipperRow[] {
    const hasOthers = this.#other.storedEntries + this.#other.rejectedEntries + this.#other.connections > 0;
    return hasOthers ? [...this.#rows.values(), this.#other] : [...this.#rows.values()];
  }

  #took(row: Row): (ackSeconds?: number) => void {
    if (row.waiting === 0) row.waitingSinceMs = this.#now();
    row.waiting += 1;
    return (ackSeconds) => {
      row.waiting -= 1;
      if (ackSeconds === undefined) return;
      row.ackSeconds = ackSeconds;
      row.ackedAtMs = row.waitingSinceMs = this.#now();
    };
  }

  #rowOf(id: string): Row {
    const known = this.#rows.get(id);
    if (known !== undefined) {
      this.#rows.delete(id);
      this.#rows.set(id, known);
      return known;
    }
    if (this.#rows.size >= MAX_ROWS && !this.#giveUpOne()) return this.#other;
    const row = newRow(id);
    this.#rows.set(id, row);
    return row;
  }

  /** Adds to OTHER what has done nothing for longest, of those that are gone; false where none is. */
  #giveUpOne(): boolean {
    for (const row of this.#rows.values()) {
      if (row.connections > 0 || row.waiting > 0) continue;
      this.#rows.delete(row.id);
      for (const member of SUMMED) this.#other[member] += row[member];
      this.#other.formerEntries += row.storedEntries;
      this.#other.formerArchivedBytes += row.archivedBytes;
      return true;
    }
    return false;
  }
}

const SUMMED = ['storedEntries', 'rejectedEntries', 'rawBytes', 'archivedBytes'] as const;

const newRow = (id: string): Row => ({
  id,
  connections: 0,
  peer: '',
  storedEntries: 0,
  rejectedEntries: 0,
  rawBytes: 0,
  archivedBytes: 0,
  ackSeconds: 0,
  ackedAtMs: 0,
  waiting: 0,
  waitingSinceMs: 0,
});
