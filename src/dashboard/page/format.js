/** Figures as people read them. */

const WHOLE = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const ONE = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });
const SHORT = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });

/** @param {number} value */
export const count = (value) => (Math.abs(value) >= 10 ? WHOLE : ONE).format(value);

/** @param {number} value */
export const short = (value) => (Math.abs(value) < 10_000 ? count(value) : SHORT.format(value));

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/**
 * A number of bytes as its figure and its unit.
 * @param {number} value
 * @returns {[string, string]}
 */
export function bytesParts(value) {
  const power = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, value)) / 10)));
  const scaled = value / 1024 ** power;
  return [power === 0 ? WHOLE.format(scaled) : scaled.toFixed(scaled < 100 ? 1 : 0), UNITS[power] ?? ''];
}

/** @param {number} value */
export const bytes = (value) => bytesParts(value).join(' ');

const SPANS = /** @type {const} */ ([
  [86_400, 'd'],
  [3600, 'h'],
  [60, 'min'],
]);

/**
 * A time that passed: `3 d`, `2 h`, `12 s`, `40 ms`.
 * @param {number} seconds
 */
export function duration(seconds) {
  for (const [size, unit] of SPANS) if (seconds >= size) return `${Math.floor(seconds / size)} ${unit}`;
  if (seconds >= 1 || seconds === 0) return `${ONE.format(seconds)} s`;
  return `${Math.max(1, Math.round(seconds * 1000))} ms`;
}

/**
 * The time of day, with milliseconds; of another day the date too.
 * @param {number} ms
 */
export function clock(ms) {
  const date = new Date(ms);
  if (Number.isNaN(date.getTime())) return '—';
  const time = `${date.toTimeString().slice(0, 8)}.${String(date.getMilliseconds()).padStart(3, '0')}`;
  return date.toDateString() === new Date().toDateString() ? time : `${day(date)} ${time.slice(0, 8)}`;
}

/** @param {Date} date */
const day = (date) =>
  `${String(date.getMonth() + 1).padStart(2, '0')}-${String(date.getDate()).padStart(2, '0')}`;

/**
 * Date and time, to the millisecond, in the zone of the browser.
 * @param {number} ms
 */
export function moment(ms) {
  const date = new Date(ms);
  return Number.isNaN(date.getTime())
    ? '—'
    : `${date.getFullYear()}-${day(date)} ${date.toTimeString().slice(0, 8)}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}
