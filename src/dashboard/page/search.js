/** Looks for entries in the archive. */
import { byId } from './dom.js';
import { entryRow, moveByKeys, offerLevels } from './entry_row.js';
import { count, duration, moment } from './format.js';
import { ask } from './ask.js';

const NAMES = ['level', 'service', 'tag', 'text'];

export class Search {
  #open;
  #form = byId('search-form');
  #list = byId('search-list');
  /** @type {AbortController | undefined} */
  #running;

  /** @param {(entry: any) => void} open shows all of an entry */
  constructor(open) {
    this.#open = open;
    offerLevels(this.#form.elements.level);
    moveByKeys(this.#list);
    this.#form.elements.range.addEventListener('change', () => this.#showTimes());
    this.#form.addEventListener('submit', (/** @type {Event} */ event) => {
      event.preventDefault();
      void this.#search();
    });
  }

  #showTimes() {
    const isBetween = this.#form.elements.range.value === '';
    for (const label of this.#form.querySelectorAll('.between')) label.hidden = !isBetween;
  }

  async #search() {
    this.#running?.abort();
    const running = (this.#running = new AbortController());
    this.#list.replaceChildren();
    byId('search-empty').hidden = true;
    byId('search-state').textContent = 'Searching…';
    try {
      const result = await ask(`/api/search?${this.#query()}`, { signal: running.signal });
      this.#show(result);
    } catch (error) {
      if (!running.signal.aborted) byId('search-state').textContent = /** @type {Error} */ (error).message;
    }
  }

  #query() {
    const { elements } = this.#form;
    const query = new URLSearchParams();
    for (const name of NAMES)
      if (elements[name].value.trim() !== '') query.set(name, elements[name].value.trim());
    if (elements.range.value !== '') query.set('since', elements.range.value);
    else
      for (const name of ['since', 'until'])
        if (elements[name].value !== '') query.set(name, new Date(elements[name].value).toISOString());
    return query;
  }

  /** @param {any} result */
  #show({ entries, found, isStopped, reachedMs, damaged, tookMs }) {
    const parts = [
      found === 0 ? 'Nothing found' : found === 1 ? '1 entry' : `${count(found)} entries`,
      found > entries.length ? `, the newest ${count(entries.length)} shown` : '',
      ` (${duration(tookMs / 1000)}).`,
      isStopped ? ` It took too long and was stopped${reach(reachedMs)}: choose a shorter time.` : '',
      damaged > 0 ? ` ${count(damaged)} could not be read: the archive is damaged.` : '',
    ];
    byId('search-state').textContent = parts.join('');
    this.#list.replaceChildren(...entries.map((/** @type {any} */ entry) => entryRow(entry, this.#open)));
    const none = byId('search-empty');
    none.hidden = entries.length > 0;
    none.textContent = 'No entry of this time is like that.';
  }
}

/**
 * How far a search came that was stopped.
 * @param {number} [ms] all that was received since is looked through
 */
const reach = (ms) =>
  ms === undefined
    ? ', and newer ones may be missing'
    : `. All since ${moment(ms)} was looked through, of what is older some may be missing`;
