/** Figures and texts as a terminal shows them. */

/** A text of anybody, harmless: what is neither visible ASCII nor a bar is escaped, so that it moves no cursor and takes one column a letter. */
export const printable = (text: string): string =>
  text.replace(/[^\x20-\x7e▁-█]/gu, (letter) => `\\u{${(letter.codePointAt(0) ?? 0).toString(16)}}`);

/** At most so many columns; what does not fit ends with `~`. */
export const fit = (text: string, width: number): string =>
  text.length <= width ? text : width <= 0 ? '' : `${text.slice(0, width - 1)}~`;

/** `1,234`; `-` for what is no number. */
export const count = (value: unknown): string =>
  typeof value === 'number' && Number.isFinite(value)
    ? value.toLocaleString('en-US', { maximumFractionDigits: value < 10 ? 1 : 0 })
    : '-';

/** `7 ms`, `1.5 s`, `3 min`, `2 h`, `4 d`; `-` for what is no number. */
export function duration(seconds: unknown): string {
  if (typeof seconds !== 'number' || !Number.isFinite(seconds)) return '-';
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}
