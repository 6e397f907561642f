/** What statistics count: entries, by what is in them and by when they came. */
import { levelOf, serviceOf, tagsOf } from './columns.ts';
import type { Rows } from './output.ts';

/** Names counted apart, of each kind; entries under further ones are counted as OTHER: names are whatever a peer likes. */
const MAX_NAMES = 1000;
const MAX_NAME_LENGTH = 200;
export const OTHER = '(other)';
export const NONE = '(none)';

/** Seconds looked back on. */
const SECONDS = 65;

/** Counts as they are saved. */
export interface CountsState {
  readonly total: number;
  readonly levels: readonly NameCount[];
  readonly tags: readonly NameCount[];
  readonly services: readonly NameCount[];
  readonly sources: readonly NameCount[];
  /** Second since 1970, and the entries the receiver got in it. */
  readonly seconds: readonly (readonly [second: number, entries: number])[];
}

type NameCount = readonly [name: string, entries: number];

export class Counts {
  #total: number;
  readonly #levels: Tally;
  readonly #tags: Tally;
  readonly #services: Tally;
  readonly #sources: Tally;
  readonly #seconds: Map<number, number>;

  constructor(saved?: CountsState) {
    this.#total = saved?.total ?? 0;
    this.#levels = new Tally(saved?.levels);
    this.#tags = new Tally(saved?.tags);
    this.#services = new Tally(saved?.services);
    this.#sources = new Tally(saved?.sources);
    this.#seconds = new Map(saved?.seconds);
  }

  add({ header, rows }: Rows): void {
    this.#total += rows.length;
    this.#sources.add(header.shipperId, rows.length);
    this.#addSecond(Math.floor(header.receivedAtMs / 1000), rows.length);
    for (const { entry } of rows) {
      this.#levels.add(levelOf(entry) ?? NONE, 1);
      this.#services.add(serviceOf(entry) ?? NONE, 1);
      for (const tag of new Set(tagsOf(entry))) this.#tags.add(tag, 1);
    }
  }

  get state(): CountsState {
    return {
      total: this.#total,
      levels: this.#levels.counts,
      tags: this.#tags.counts,
      services: this.#services.counts,
      sources: this.#sources.counts,
      seconds: [...this.#seconds],
    };
  }

  #addSecond(second: number, entries: number): void {
    this.#seconds.set(second, (this.#seconds.get(second) ?? 0) + entries);
    if (this.#seconds.size <= SECONDS) return;
    const oldest = Math.min(...this.#seconds.keys());
    this.#seconds.delete(oldest);
  }
}

/** Entries by name, of a bounded number of names. */
class Tally {
  readonly #counts: Map<string, number>;

  constructor(saved: readonly NameCount[] = []) {
    this.#counts = new Map(saved);
  }

  get counts(): NameCount[] {
    return [...this.#counts];
  }

  add(name: string, entries: number): void {
    const counted = this.#counts.get(name);
    if (counted !== undefined) this.#counts.set(name, counted + entries);
    else this.#addNew(name.length > MAX_NAME_LENGTH ? OTHER : name, entries);
  }

  #addNew(name: string, entries: number): void {
    const key = this.#counts.size < MAX_NAMES ? name : OTHER;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + entries);
  }
}
