/** What several rounds of one measurement come to. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** Throws RangeError where there is nothing to sum up. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const [min, max, below, above] = [
    sorted[0],
    sorted.at(-1),
    sorted[Math.floor(middle)],
    sorted[Math.ceil(middle)],
  ];
  if (min === undefined || max === undefined || below === undefined || above === undefined) {
    throw new RangeError('no values to take a median of');
  }
  return { median: (below + above) / 2, min, max };
}

/** The value that `percent` of the others do not exceed (nearest rank). Throws RangeError where there is nothing. */
export function percentileOf(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const value = sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)];
  if (value === undefined) throw new RangeError('no values to take a percentile of');
  return value;
}

/** The spread of one figure of each round. */
export function spreadBy<Round>(rounds: readonly Round[], figure: (round: Round) => number): Spread {
  return spreadOf(rounds.map(figure));
}

/** `3.34 (3.30..3.41)`, or `3.34` where all are the same. */
export function spreadText({ median, min, max }: Spread, show: (value: number) => string): string {
  return min === max ? show(median) : `${show(median)} (${show(min)}..${show(max)})`;
}

/** Three digits that mean something: `1,234`, `123`, `12.3`, `1.23`. */
export function figure(value: number): string {
  const size = Math.abs(value);
  const decimals = size >= 100 ? 0 : size >= 10 ? 1 : 2;
  return value.toLocaleString('en-US', { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
}

/** Thousands, for figures too long to be read: `651k`. */
export function thousands(value: number): string {
  return `${Math.round(value / 1000).toLocaleString('en-US')}k`;
}
