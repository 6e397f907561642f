/** Numbers `from` to `to`, both included. */
export interface NumberRange {
  readonly from: number;
  readonly to: number;
}

/** The numbers that are in any of these ranges, as ranges that rise and do not touch. */
export function united(ranges: readonly NumberRange[]): NumberRange[] {
  const union: { from: number; to: number }[] = [];
  for (const { from, to } of [...ranges].sort((a, b) => a.from - b.from)) {
    const last = union.at(-1);
    if (last === undefined || from > last.to + 1) union.push({ from, to });
    else last.to = Math.max(last.to, to);
  }
  return union;
}

/** The numbers of `ranges` that are in none of `others`, as ranges that rise. */
export function without(ranges: readonly NumberRange[], others: readonly NumberRange[]): NumberRange[] {
  const taken = united(others);
  const left: NumberRange[] = [];
  let at = 0;
  for (const { from, to } of united(ranges)) {
    let start = from;
    while ((taken[at]?.to ?? Infinity) < start) at += 1;
    for (let next = at; start <= to; next += 1) {
      const other = taken[next];
      const end = Math.min(to, (other?.from ?? Infinity) - 1);
      if (start <= end) left.push({ from: start, to: end });
      start = Math.max(start, (other?.to ?? Infinity) + 1);
    }
  }
  return left;
}
