/** A date, with a time and a zone where wanted. `Date.parse` alone takes far more for one. */
const ISO_8601 = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?$/;

const UNIT_MS: Readonly<Record<string, number>> = { s: 1e3, m: 60e3, h: 3600e3, d: 24 * 3600e3 };

/** A time as people write it: ISO 8601, or how long ago (`30s`, `15m`, `2h`, `1d`). Milliseconds since 1970; throws Error for anything else. */
export function parseTime(text: string, now: number): number {
  const ago = /^(\d+)([smhd])$/.exec(text);
  const unit = UNIT_MS[ago?.[2] ?? ''];
  const time =
    ago !== null && unit !== undefined
      ? now - Number(ago[1]) * unit
      : ISO_8601.test(text)
        ? Date.parse(text)
        : NaN;
  if (Number.isNaN(time))
    throw new Error(
      `${JSON.stringify(text)} is not a time: expected ISO 8601 (2026-01-31T12:00:00Z) or 30s, 15m, 2h, 1d`,
    );
  return time;
}
