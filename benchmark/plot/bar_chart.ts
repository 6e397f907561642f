import { axisOf, box, image, legend, MARGIN, stroke, text } from './svg.ts';

/** A bar of two parts, one behind the other. */
export interface Bar {
  readonly label: string;
  readonly shipper: number;
  readonly receiver: number;
  /** Behind the bar. */
  readonly figure: string;
}

export interface BarChart {
  readonly title: string;
  readonly unit: string;
  readonly bars: readonly Bar[];
  readonly footer: string;
}

const WIDTH = 760;
const TOP = 66;
const ROW = 30;
const THICK = 18;
const LABELS = 230;
const FIGURES = 120;

export function barChart({ title, unit, bars, footer }: BarChart): string {
  const left = MARGIN + LABELS;
  const width = WIDTH - left - FIGURES - MARGIN;
  const bottom = TOP + bars.length * ROW;
  const { end, steps } = axisOf(Math.max(...bars.map(({ shipper, receiver }) => shipper + receiver)));
  const at = (value: number): number => (value / end) * width;
  const pieces = [
    ...legend(left),
    ...steps.flatMap((step) => [
      stroke([left + at(step), TOP - 4], [left + at(step), bottom]),
      text(left + at(step), bottom + 16, String(step), { anchor: 'middle', style: 'small' }),
    ]),
    text(left + width, bottom + 32, unit, { anchor: 'end', style: 'small' }),
    ...bars.flatMap(({ label, shipper, receiver, figure }, row) => {
      const y = TOP + row * ROW + (ROW - THICK) / 2;
      return [
        text(left - 10, y + 14, label, { anchor: 'end' }),
        box(left, y, at(shipper), THICK, 'shipper'),
        box(left + at(shipper), y, at(receiver), THICK, 'receiver'),
        text(left + at(shipper + receiver) + 8, y + 14, figure),
      ];
    }),
    text(MARGIN, bottom + 52, footer, { style: 'small' }),
  ];
  return image(WIDTH, bottom + 64, title, pieces);
}
