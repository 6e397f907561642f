/** Logs a second, of the last hour or the last minutes. */
import { plot } from './charts.js';
import { byId } from './dom.js';
import { count } from './format.js';

const KEPT_SECONDS = 3600;

export class RateChart {
  /** Times in seconds since 1970. @type {number[]} */
  #times = [];
  /** @type {number[]} */
  #logs = [];
  #shownSeconds = 300;
  #plot;

  constructor() {
    const accent = () => getComputedStyle(document.documentElement).getPropertyValue('--accent').trim();
    this.#plot = plot(byId('rate-chart'), [{ label: 'logs/s', color: accent }]);
    const buttons = document.querySelectorAll('[data-seconds]');
    for (const button of /** @type {NodeListOf<HTMLElement>} */ (buttons))
      button.addEventListener('click', () => {
        for (const other of buttons) other.setAttribute('aria-pressed', String(other === button));
        this.#shownSeconds = Number(button.dataset.seconds);
        this.#draw();
      });
  }

  /**
   * The past as the receiver knows it; what this page saw before that stays: the receiver may have been restarted.
   * @param {{ untilMs: number, logs: number[] }} history
   */
  begin({ untilMs, logs }) {
    const until = Math.round(untilMs / 1000);
    const first = until - logs.length + 1;
    const kept = this.#times.findLastIndex((time) => time < first) + 1;
    this.#times = [...this.#times.slice(0, kept), ...logs.map((_, n) => first + n)].slice(-KEPT_SECONDS);
    this.#logs = [...this.#logs.slice(0, kept), ...logs].slice(-KEPT_SECONDS);
    this.#draw();
  }

  /** @param {{ untilMs: number, logs: number }} second */
  add({ untilMs, logs }) {
    const time = Math.round(untilMs / 1000);
    if (time <= (this.#times.at(-1) ?? 0)) return;
    this.#times.push(time);
    this.#logs.push(logs);
    if (this.#times.length > KEPT_SECONDS) {
      this.#times.shift();
      this.#logs.shift();
    }
    this.#draw();
  }

  /**
   * The mean of a time, in milliseconds since 1970; 0 where nothing is known of it.
   * @param {number} fromMs
   * @param {number} untilMs
   */
  meanBetween(fromMs, untilMs) {
    let [sum, seconds] = [0, 0];
    for (let n = this.#times.length - 1; n >= 0 && (this.#times[n] ?? 0) * 1000 > fromMs; n -= 1) {
      if ((this.#times[n] ?? 0) * 1000 > untilMs) continue;
      sum += this.#logs[n] ?? 0;
      seconds += 1;
    }
    return seconds === 0 ? 0 : sum / seconds;
  }

  #draw() {
    const to = this.#times.at(-1) ?? Date.now() / 1000;
    const from = to - this.#shownSeconds;
    const start = this.#times.findIndex((time) => time >= from);
    const logs = start === -1 ? [] : this.#logs.slice(start);
    this.#plot.set([start === -1 ? [] : this.#times.slice(start), logs], from, to);
    const most = logs.reduce((max, value) => Math.max(max, value), 0);
    byId('rate-chart').ariaLabel =
      `Logs per second: now ${count(logs.at(-1) ?? 0)}, at most ${count(most)} in the time shown`;
  }
}
