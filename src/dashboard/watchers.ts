/** What viewers of one filter are shown of the entries that come: so many a moment, and how many there were. */
import { eventText } from './viewer.ts';
import { isWanted, keyOf, type EntryFilter } from './entry_filter.ts';
import type { EntryView, SeenEntry } from './entry_view.ts';

/** More than fifty lines a second nobody reads; batches come in steps, so of a moment there may be more. */
const SHOWN_A_MOMENT = 25;
const MAX_SHOWN = 100;

/** Events for all viewers of a filter. */
export interface TailWord {
  readonly key: string;
  readonly events: string;
  readonly entries: number;
}

export class Watchers {
  readonly #groups = new Map<string, Group>();

  /** Only what these filters want is kept from now on. */
  replace(filters: readonly EntryFilter[]): void {
    const wanted = new Map(filters.map((filter) => [keyOf(filter), filter]));
    for (const key of this.#groups.keys()) if (!wanted.has(key)) this.#groups.delete(key);
    for (const [key, filter] of wanted) if (!this.#groups.has(key)) this.#groups.set(key, new Group(filter));
  }

  /** Shows an entry to whoever wants it; `line` is asked for the whole of it in lower case. */
  see(entry: SeenEntry, line: () => string): void {
    for (const group of this.#groups.values()) group.see(entry, line);
  }

  /** What there is to tell of the moment that ends. */
  told(): TailWord[] {
    const words: TailWord[] = [];
    for (const [key, group] of this.#groups) {
      const word = group.told();
      if (word !== undefined) words.push({ key, ...word });
    }
    return words;
  }
}

class Group {
  readonly #filter: EntryFilter;
  #matched = 0;
  #shown: EntryView[] = [];
  /** How many may be shown of this moment. */
  #allowance = MAX_SHOWN;

  constructor(filter: EntryFilter) {
    this.#filter = filter;
  }

  see({ view, names }: SeenEntry, line: () => string): void {
    if (!isWanted(this.#filter, names, line)) return;
    this.#matched += 1;
    this.#shown.push(view);
    if (this.#shown.length > this.#allowance) this.#shown.shift();
  }

  /** Of more than can be shown it is the newest. */
  told(): Omit<TailWord, 'key'> | undefined {
    this.#allowance = Math.min(MAX_SHOWN, this.#allowance - this.#shown.length + SHOWN_A_MOMENT);
    if (this.#matched === 0) return undefined;
    const [entries, left] = [this.#shown, this.#matched - this.#shown.length];
    this.#shown = [];
    this.#matched = 0;
    return { events: eventText('tail', { entries, left }), entries: entries.length };
  }
}
