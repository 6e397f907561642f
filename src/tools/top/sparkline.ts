const STEPS = '▁▂▃▄▅▆▇█';

/** Values as a row of bars, the last `width` of them, the highest as high as can be; nothing at all is a gap. */
export function sparkline(values: readonly number[], width: number): string {
  const shown = width <= 0 ? [] : values.slice(-width);
  const highest = Math.max(...shown);
  return shown
    .map((value) => {
      if (!(value > 0) || !Number.isFinite(value)) return ' ';
      const step = Math.ceil((value / highest) * STEPS.length) - 1;
      return STEPS[Math.min(STEPS.length - 1, Math.max(0, step))];
    })
    .join('');
}
