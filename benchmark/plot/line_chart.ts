import type { Spread } from '../statistics.ts';
import { axisOf, dot, image, legend, MARGIN, polyline, SIDES, stroke, text, type Side } from './svg.ts';

/** A point of each line. */
export interface Point extends Readonly<Record<Side, Spread>> {
  readonly label: string;
}

export interface LineChart {
  readonly title: string;
  /** What the points are of. */
  readonly x: string;
  readonly unit: string;
  /** At equal distances: of powers of ten that is a logarithmic scale. */
  readonly points: readonly Point[];
  readonly footer: string;
}

const WIDTH = 560;
const TOP = 84;
const HEIGHT = 200;
const LEFT = MARGIN + 40;
const INDENT = 50;

/** For the figure above the highest point. */
const ROOM_ABOVE = 1.15;

export function lineChart({ title, x, unit, points, footer }: LineChart): string {
  const width = WIDTH - LEFT - MARGIN;
  const bottom = TOP + HEIGHT;
  const highest = Math.max(...points.flatMap((point) => SIDES.map((side) => point[side].max)));
  const { end, steps } = axisOf(highest * ROOM_ABOVE);
  const across = (index: number): number =>
    LEFT + INDENT + (index / Math.max(1, points.length - 1)) * (width - 2 * INDENT);
  const up = (value: number): number => bottom - (value / end) * HEIGHT;
  const pieces = [
    ...legend(LEFT),
    text(MARGIN, TOP - 14, unit, { style: 'small' }),
    ...steps.flatMap((step) => [
      stroke([LEFT, up(step)], [LEFT + width, up(step)]),
      text(LEFT - 8, up(step) + 4, String(step), { anchor: 'end', style: 'small' }),
    ]),
    ...points.map(({ label }, index) => text(across(index), bottom + 18, label, { anchor: 'middle' })),
    ...SIDES.flatMap((side) => [
      polyline(
        points.map((point, index) => [across(index), up(point[side].median)] as const),
        side,
      ),
      ...points.flatMap((point, index) => {
        const { median, min, max } = point[side];
        return [
          stroke([across(index), up(min)], [across(index), up(max)], side),
          dot(across(index), up(median), side),
          text(across(index), up(max) - 10, median.toFixed(2), { anchor: 'middle' }),
        ];
      }),
    ]),
    text(LEFT + width, bottom + 36, x, { anchor: 'end', style: 'small' }),
    text(MARGIN, bottom + 56, footer, { style: 'small' }),
  ];
  return image(WIDTH, bottom + 68, title, pieces);
}
