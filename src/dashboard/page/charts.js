/** Plots over time, by uPlot. */
import uPlot from '/page/uplot.js';
import { el } from './dom.js';
import { short } from './format.js';

const FONT = '11px system-ui, sans-serif';

/** @param {string} name */
const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

const { stepped } = uPlot.paths;

/** @type {Set<() => void>} */
const redraws = new Set();

/** Draws all of them anew: the colours have changed. */
export function recolor() {
  for (const redraw of redraws) redraw();
}

/**
 * A plot that fills its element and follows its size. `series` says what is drawn, each with a function that gives its colour,
 * as these change with the theme.
 * @param {HTMLElement} element
 * @param {readonly { label: string, color: () => string, isStacked?: boolean }[]} series
 * @returns {{ set(data: (number | null)[][], from: number, to: number): void, destroy(): void }} times in seconds since 1970
 */
export function plot(element, series) {
  let data = [[], ...series.map(() => [])];
  /** @type {[number, number]} */
  let range = [0, 1];
  let chart = make();
  const tip = el('div', { className: 'tip', hidden: true });
  element.append(tip);
  const observer = new ResizeObserver(() => chart.setSize(sizeOf(element)));
  observer.observe(element);
  const redraw = () => {
    chart.destroy();
    chart = make();
  };
  redraws.add(redraw);

  function make() {
    return new uPlot(
      {
        ...sizeOf(element),
        padding: [8, 14, 0, 0],
        legend: { show: false },
        cursor: { y: false, points: { size: 6 }, drag: { x: false, y: false } },
        scales: { x: { time: true, range: () => range }, y: { range: (_u, _min, max) => [0, niceMax(max)] } },
        axes: [axis({ space: 58, size: 26, values: timeTicks }), axis({ size: 52, values: shortTicks })],
        series: [
          {},
          ...series.map(({ label, color: colorOf, isStacked }) => lineOf(label, colorOf(), isStacked)),
        ],
        hooks: { setCursor: [(u) => showTip(u)] },
      },
      /** @type {any} */ (data),
      element,
    );
  }

  /** @param {uPlot} u */
  function showTip(u) {
    const at = u.cursor.idx ?? -1;
    const value = series.length === 1 ? data[1]?.[at] : undefined;
    tip.hidden = typeof value !== 'number';
    if (typeof value === 'number')
      tip.textContent = `${new Date((data[0]?.[at] ?? 0) * 1000).toTimeString().slice(0, 8)}  ${short(value)}`;
  }

  return {
    set(next, from, to) {
      data = /** @type {any} */ (next);
      range = [from, to];
      chart.setData(/** @type {any} */ (data));
    },
    destroy() {
      redraws.delete(redraw);
      observer.disconnect();
      chart.destroy();
      tip.remove();
    },
  };
}

/** @param {HTMLElement} element */
const sizeOf = (element) => ({
  width: Math.max(80, element.clientWidth),
  height: Math.max(80, element.clientHeight),
});

/** @param {Record<string, any>} more */
const axis = (more) => ({
  stroke: color('--muted'),
  font: FONT,
  grid: { stroke: color('--grid'), width: 1 },
  ticks: { show: false },
  ...more,
});

/**
 * @param {string} label
 * @param {string} stroke
 * @param {boolean} [isStacked]
 */
const lineOf = (label, stroke, isStacked = false) => ({
  label,
  stroke,
  width: isStacked ? 1 : 1.5,
  fill: isStacked ? stroke : `color-mix(in srgb, ${stroke} 14%, transparent)`,
  points: { show: false },
  ...(isStacked && stepped !== undefined ? { paths: stepped({ align: 1 }) } : {}),
});

/**
 * @param {uPlot} _chart
 * @param {number[]} ticks
 */
const shortTicks = (_chart, ticks) => ticks.map(short);

/**
 * @param {uPlot} _chart
 * @param {number[]} ticks
 */
function timeTicks(_chart, ticks) {
  const length = (ticks[1] ?? 0) - (ticks[0] ?? 0) < 60 ? 8 : 5;
  return ticks.map((time) => new Date(time * 1000).toTimeString().slice(0, length));
}

/** @param {number | null} max */
function niceMax(max) {
  if (max === null || !(max > 0)) return 10;
  const power = 10 ** Math.floor(Math.log10(max));
  return ([1, 1.5, 2, 3, 4, 5, 6, 8, 10].find((step) => step * power >= max * 1.04) ?? 12) * power;
}
