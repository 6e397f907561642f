/** The entries as they come. */
import { byId } from './dom.js';
import { entryRow, moveByKeys, offerLevels } from './entry_row.js';
import { count } from './format.js';

/** Rows on the page; older ones go. */
const KEPT = 400;

/** A filter that is being typed is heeded when the typing pauses. */
const TYPING_MS = 250;

const NAMES = ['level', 'service', 'tag', 'text'];

export class Tail {
  #open;
  #form = byId('tail-filter');
  #list = byId('tail-list');
  #isPaused = false;
  /** What comes next is the first of another filter. */
  #isNewFilter = false;
  /** Came while it was paused: the newest of them, and how many there were. */
  #held = /** @type {any[]} */ ([]);
  #heldCount = 0;
  /** Came and were not shown, since the filter was set. */
  #left = 0;
  #note = '';

  /**
   * @param {(entry: any) => void} open shows all of an entry
   * @param {(query: URLSearchParams) => void} wish hears of a new filter
   */
  constructor(open, wish) {
    this.#open = open;
    offerLevels(this.#form.elements.level);
    moveByKeys(this.#list);
    /** @type {number | undefined} */
    let typing;
    this.#form.addEventListener('input', () => {
      clearTimeout(typing);
      typing = setTimeout(() => {
        this.#isNewFilter = true;
        wish(this.query);
      }, TYPING_MS);
    });
    this.#form.addEventListener('submit', (/** @type {Event} */ event) => event.preventDefault());
    byId('pause').addEventListener('click', () => this.#pause(!this.#isPaused));
    byId('clear').addEventListener('click', () => this.#clear());
  }

  /** The filter, as it goes into an address. */
  get query() {
    const query = new URLSearchParams();
    for (const name of NAMES) {
      const value = this.#form.elements[name].value.trim();
      if (value !== '') query.set(name, value);
    }
    return query;
  }

  /** @param {{ entries: any[], left: number, isPast?: boolean }} word */
  take({ entries, left, isPast = false }) {
    this.#left += left;
    if (isPast) return this.#beginWith(entries);
    if (this.#isPaused) {
      this.#held = [...this.#held, ...entries].slice(-KEPT);
      this.#heldCount += entries.length + left;
    } else this.#add(entries);
    this.#tell();
  }

  /**
   * How much of what comes is looked into, where that is not all.
   * @param {string} text
   */
  note(text) {
    this.#note = text;
    this.#tell();
  }

  /**
   * This page was too slow to take them.
   * @param {{ entries: number }} dropped
   */
  dropped({ entries }) {
    this.#left += entries;
    this.#tell();
  }

  /**
   * What the receiver still knows, at the begin of a stream. After a break it holds what the page has already: while that
   * is paused it stays.
   * @param {any[]} entries
   */
  #beginWith(entries) {
    if (this.#isPaused && !this.#isNewFilter) return;
    this.#isNewFilter = false;
    this.#clear();
    this.#add(entries);
  }

  /** @param {any[]} entries oldest first */
  #add(entries) {
    const focused = document.activeElement;
    this.#list.prepend(...entries.map((entry) => entryRow(entry, this.#open)).toReversed());
    for (const row of [...this.#list.children].slice(KEPT)) if (!row.contains(focused)) row.remove();
  }

  /** @param {boolean} isPaused */
  #pause(isPaused) {
    this.#isPaused = isPaused;
    const button = byId('pause');
    button.classList.toggle('primary', isPaused);
    button.textContent = isPaused ? 'Resume' : 'Pause';
    if (!isPaused) {
      this.#add(this.#held);
      this.#held = [];
      this.#heldCount = 0;
    }
    this.#tell();
  }

  #clear() {
    this.#list.replaceChildren();
    this.#held = [];
    this.#heldCount = 0;
    this.#left = 0;
    this.#tell();
  }

  #tell() {
    const parts = [this.#note];
    if (this.#isPaused) parts.push(`Paused: ${count(this.#heldCount)} came since.`);
    if (this.#left > 0) parts.push(`${count(this.#left)} more matched: they come faster than anybody reads.`);
    if (this.#left > 0 || this.#note !== '') parts.push('Search finds all of them.');
    byId('tail-state').textContent = parts.filter((part) => part !== '').join(' ');
  }
}
