import { expect, test } from 'vitest';
import { ProcessFigures } from '../../src/monitor/process_figures.ts';
import { until } from '../helpers/until.ts';

test('what a process takes, and that its event loop was held up', async () => {
  using figures = new ProcessFigures();
  const before = figures.reading;
  expect(before.residentBytes).toBeGreaterThan(1024 ** 2);
  expect(before.startedAtMs).toBeLessThan(Date.now());
  // The first look has to be over before one can be late.
  await until('it looks', () => figures.reading.loopBusySeconds > before.loopBusySeconds);
  await until('a hold-up is noticed', () => {
    holdUp(100);
    return figures.reading.loopDelaySeconds > 0.05;
  });
  expect(figures.reading.loopDelaySeconds).toBeLessThan(30);
  expect(figures.reading.cpuSeconds).toBeGreaterThan(before.cpuSeconds);
});

function holdUp(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}
