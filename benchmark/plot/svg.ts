/** Pieces of an SVG image. Coordinates are pixels, rounded to tenths. */

/** The two whose figures are drawn, each in its colour. */
export const SIDES = ['shipper', 'receiver'] as const;
export type Side = (typeof SIDES)[number];

/**
 * Background and text follow the reader's light or dark mode together, so that text can be read wherever the image is
 * shown. The colours of the data stand out on both, also for the colour-blind.
 */
const STYLE = `
  .page { fill: #ffffff } text { fill: #1f2328; font: 13px system-ui, sans-serif }
  .title { font-size: 15px; font-weight: 600 } .small { fill: #59636e; font-size: 11px }
  .grid { stroke: #d1d9e0 } line { stroke-width: 1 } polyline { stroke-width: 2 }
  .shipper { fill: #3b7dd8; stroke: #3b7dd8 } .receiver { fill: #e08a1e; stroke: #e08a1e }
  rect.shipper, rect.receiver { stroke: none } polyline.shipper, polyline.receiver { fill: none }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0d1117 } text { fill: #e6edf3 } .small { fill: #9198a1 } .grid { stroke: #3d444d }
  }
`;

/** A whole image. `title` is also what a screen reader says. */
export function image(width: number, height: number, title: string, pieces: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<style>${STYLE}</style>`,
    `<rect class="page" width="${width}" height="${height}"/>`,
    text(MARGIN, 26, title, { style: 'title' }),
    ...pieces,
    '</svg>\n',
  ].join('\n');
}

/** Left and right of everything. */
export const MARGIN = 16;

export function text(
  x: number,
  y: number,
  words: string,
  { anchor = 'start', style }: { anchor?: 'start' | 'middle' | 'end'; style?: 'title' | 'small' } = {},
): string {
  const attributes = style === undefined ? '' : ` class="${style}"`;
  return `<text x="${px(x)}" y="${px(y)}" text-anchor="${anchor}"${attributes}>${escaped(words)}</text>`;
}

export const box = (x: number, y: number, width: number, height: number, side: Side): string =>
  `<rect class="${side}" x="${px(x)}" y="${px(y)}" width="${px(width)}" height="${px(height)}"/>`;

export const dot = (x: number, y: number, side: Side): string =>
  `<circle class="${side}" cx="${px(x)}" cy="${px(y)}" r="3.5"/>`;

type Place = readonly [x: number, y: number];

export const stroke = ([x1, y1]: Place, [x2, y2]: Place, style: Side | 'grid' = 'grid'): string =>
  `<line class="${style}" x1="${px(x1)}" y1="${px(y1)}" x2="${px(x2)}" y2="${px(y2)}"/>`;

export const polyline = (points: readonly Place[], side: Side): string =>
  `<polyline class="${side}" points="${points.map(([x, y]) => `${px(x)},${px(y)}`).join(' ')}"/>`;

/** Which colour is whose, below the title. */
export const legend = (left: number): string[] =>
  SIDES.flatMap((side, index) => [
    box(left + index * 90, 40, 12, 12, side),
    text(left + index * 90 + 18, 50, side, { style: 'small' }),
  ]);

const px = (value: number): string => String(Math.round(value * 10) / 10);

const escaped = (words: string): string =>
  words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** A round number at or above `value`, and some steps to it, for an axis from 0. */
export function axisOf(value: number): { readonly end: number; readonly steps: readonly number[] } {
  const rough = Math.max(value, Number.MIN_VALUE) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 2.5, 5].find((nice) => nice * power >= rough) ?? 10) * power;
  const count = Math.ceil(value / step);
  return {
    end: count * step,
    steps: Array.from({ length: count + 1 }, (_, n) => Number((n * step).toPrecision(6))),
  };
}
