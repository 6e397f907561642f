/** The first view: how it is, and how it was in the last hour. */
import { byId, el, empty, plain, stranger } from './dom.js';
import { short } from './format.js';
import { showDisk, showFollowers, showProblems, showShippers, showTiles } from './overview_figures.js';
import { RateChart } from './rate_chart.js';
import { ShareChart } from './share_chart.js';

const BUCKETS = 360;
const SERVICES_SHOWN = 10;
/** Services are ranked by the last five minutes. */
const RANKED_MS = 300_000;

export class Overview {
  #rate = new RateChart();
  #levels = new ShareChart('levels');
  #tags = new ShareChart('tags');
  /** @type {any[]} */
  #buckets = [];
  /** The receiver's clock: a browser's may be another. */
  #nowMs = 0;

  /** @param {any} history */
  begin(history) {
    this.#rate.begin(history);
  }

  /** @param {any} figures */
  show(figures) {
    this.#nowMs = figures.nowMs;
    this.#rate.add(figures.second);
    showTiles(figures);
    showDisk(figures.archive);
    showShippers(figures);
    showFollowers(figures.archive?.followers ?? []);
    showProblems(figures, this.#malformed());
  }

  /**
   * Levels, tags and services: all that is known, or the newest of it.
   * @param {{ isWhole: boolean, buckets: any[] }} insight
   */
  look({ isWhole, buckets }) {
    const first = buckets[0]?.atMs ?? Infinity;
    const before = isWhole ? [] : this.#buckets.filter(({ atMs }) => atMs < first);
    for (const bucket of buckets) before.push(this.#withRate(bucket, before.at(-1)));
    this.#buckets = before.slice(-BUCKETS);
    this.#levels.draw(this.#buckets, this.#nowMs / 1000);
    this.#tags.draw(this.#buckets, this.#nowMs / 1000);
    this.#showServices();
    this.#showSample();
  }

  /**
   * A bucket tells shares: with what came in its time, as the receiver counted it, they are rates. Of a time in which entries
   * came and none was looked into the shares are taken to be those of the time before.
   * @param {any} bucket
   * @param {any} before
   */
  #withRate(bucket, before) {
    const rate = this.#rate.meanBetween(bucket.atMs, bucket.atMs + 10_000);
    const isKnown = bucket.sampled > 0 || rate === 0 || before === undefined;
    const { levels, tags, services, of } = isKnown ? { ...bucket, of: bucket.sampled } : before;
    return { ...bucket, levels, tags, services, of, rate, factor: of === 0 ? 0 : rate / of };
  }

  #malformed() {
    return this.#buckets.reduce((sum, { malformed }) => sum + malformed, 0);
  }

  #showServices() {
    const newestMs = this.#buckets.at(-1)?.atMs ?? 0;
    const recent = this.#buckets.filter(({ atMs }) => atMs > newestMs - RANKED_MS);
    const services = ranked(recent, 'services');
    const buckets = Math.max(1, recent.length);
    const most = services[0]?.[1] ?? 1;
    const came = services.filter(([, entries]) => entries > 0);
    const items = came.slice(0, SERVICES_SHOWN).map(([name, entries]) => {
      const fill = el('span', { className: 'fill' });
      fill.style.width = `${(100 * entries) / most}%`;
      return el(
        'li',
        {},
        fill,
        stranger(name),
        el('span', { className: 'count', textContent: `${short(entries / buckets)}/s` }),
      );
    });
    const list = el('ol', { className: 'ranks' }, ...items);
    byId('services').replaceChildren(
      items.length === 0 ? empty('No entries in the last five minutes.') : list,
    );
    suggest('known-services', services);
    suggest('known-tags', ranked(recent, 'tags'));
  }

  /** Whether what is looked into is all there is; empty where it is. */
  get sampleNote() {
    const { rate = 0, sampled = 0 } = this.#buckets.at(-2) ?? {};
    return sampled / 10 < rate * 0.8
      ? `Of ${short(rate)} entries a second ${short(sampled / 10)} are looked into.`
      : '';
  }

  #showSample() {
    const note = this.sampleNote;
    byId('sample').textContent = note === '' ? '' : `Levels, tags and services are estimates. ${note}`;
  }
}

/**
 * The names of these buckets with their rates summed up, the most frequent first.
 * @param {readonly any[]} buckets
 * @param {string} member
 * @returns {[string, number][]}
 */
function ranked(buckets, member) {
  const sums = new Map();
  for (const bucket of buckets)
    for (const [name, entries] of bucket[member])
      sums.set(name, (sums.get(name) ?? 0) + entries * bucket.factor);
  return [...sums].sort(([, a], [, b]) => b - a);
}

/**
 * Offers these for typing; what can't be seen can't be typed.
 * @param {string} id
 * @param {readonly (readonly [string, number])[]} names
 */
function suggest(id, names) {
  const list = byId(id);
  const wanted = names
    .map(([name]) => name)
    .filter((name) => !name.startsWith('(') && plain(name) === name)
    .slice(0, 40);
  if (list.dataset.names === wanted.join('\n')) return;
  list.dataset.names = wanted.join('\n');
  list.replaceChildren(...wanted.map((value) => el('option', { value })));
}
