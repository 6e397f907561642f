/** Entries a second by name, one on the other: levels, tags. */
import { plot } from './charts.js';
import { byId, el, stranger } from './dom.js';
import { short } from './format.js';

const SHOWN_NAMES = 6;

/** Where a name says how bad it is, its colour does too. */
const COLORS_OF = new Map([
  ['FATAL', '#8f1d14'],
  ['CRITICAL', '#8f1d14'],
  ['ERROR', '#d64a3b'],
  ['ERR', '#d64a3b'],
  ['WARN', '#e0a526'],
  ['WARNING', '#e0a526'],
  ['NOTICE', '#4fb9cb'],
  ['INFO', '#2b8a9e'],
  ['DEBUG', '#8fa3b5'],
  ['TRACE', '#b7c3ce'],
  ['(none)', '#b7c3ce'],
  ['(other)', '#8fa3b5'],
]);

const OTHERS = ['#2b8a9e', '#7c6bb0', '#5a9e6f', '#c98b3a', '#b8688f', '#5f7fb8'];

export class ShareChart {
  #member;
  #chart;
  #legend;
  /** @type {string[]} */
  #names = [];
  /** @type {ReturnType<typeof plot> | undefined} */
  #plot;

  /**
   * @param {'levels' | 'tags'} member of a bucket
   */
  constructor(member) {
    this.#member = member;
    this.#chart = byId(`${member}-chart`);
    this.#legend = byId(`${member}-legend`);
  }

  /**
   * @param {readonly any[]} buckets of ten seconds, oldest first, each with the factor that makes its counts rates
   * @param {number} nowSeconds
   */
  draw(buckets, nowSeconds) {
    const rows = buckets.map(
      (bucket) =>
        new Map(
          bucket[this.#member].map((/** @type {any} */ [name, entries]) => [name, entries * bucket.factor]),
        ),
    );
    const names = mostFrequent(rows);
    if (names.join('\n') !== this.#names.join('\n') || this.#plot === undefined) this.#begin(names);
    // The first name lies at the bottom; the last is drawn first, and covers the least.
    const sums = rows.map(() => 0);
    const stacked = names.map((name) =>
      rows.map((row, n) => (sums[n] = (sums[n] ?? 0) + Number(row.get(name) ?? 0))),
    );
    const times = buckets.map(({ atMs }) => atMs / 1000);
    const from = Math.max(nowSeconds - 3600, Math.min(nowSeconds - 120, times[0] ?? nowSeconds));
    // Steps: each bucket reaches to the next, the newest to now.
    const steps = stacked.map((values) => [...values, values.at(-1) ?? null]);
    this.#plot?.set([[...times, nowSeconds], ...steps.toReversed()], from, nowSeconds);
    this.#tell(rows);
  }

  /** @param {string[]} names */
  #begin(names) {
    this.#names = names;
    this.#plot?.destroy();
    const series = names.map((label, n) => ({ label, color: () => colorOf(label, n), isStacked: true }));
    this.#plot = plot(this.#chart, series.toReversed());
  }

  /** The figures beside the names are of the last whole bucket. @param {readonly Map<any, any>[]} rows */
  #tell(rows) {
    const last = rows.at(-2) ?? rows.at(-1);
    const items = this.#names.map((name, n) =>
      el(
        'li',
        {},
        swatch(colorOf(name, n)),
        stranger(name),
        el('span', { textContent: `${short(Number(last?.get(name) ?? 0))}/s` }),
      ),
    );
    this.#legend.replaceChildren(...items);
    if (items.length === 0) this.#legend.textContent = `No ${this.#member} yet.`;
  }
}

/** @param {string} background */
function swatch(background) {
  const element = el('span', { className: 'swatch' });
  element.style.background = background;
  return element;
}

/**
 * @param {string} name
 * @param {number} position
 */
const colorOf = (name, position) => COLORS_OF.get(name) ?? OTHERS[position % OTHERS.length] ?? '';

/** @param {readonly Map<any, any>[]} rows */
function mostFrequent(rows) {
  /** @type {Map<string, number>} */
  const sums = new Map();
  for (const row of rows) for (const [name, entries] of row) sums.set(name, (sums.get(name) ?? 0) + entries);
  return [...sums]
    .sort(([, a], [, b]) => b - a)
    .slice(0, SHOWN_NAMES)
    .map(([name]) => name);
}
