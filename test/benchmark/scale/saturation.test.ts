import { expect, test } from 'vitest';
import type { Cost, Outcome, Role } from '../../../benchmark/scale/layout.ts';
import { limitOf, saturatedAt } from '../../../benchmark/scale/saturation.ts';

const cost = (processes: number): Cost => ({ processes, cpuSeconds: 1, peakBytes: 1 });

function outcome(busyCores: Readonly<Record<Role, number>>, machineCores: number): Outcome {
  const costs = { shippers: cost(4), receivers: cost(2), servers: cost(1), workers: cost(0) };
  return { entries: 1, rawBytes: 1, wallSeconds: 1, behindSeconds: 0, costs, busyCores, machineCores };
}

test.each([
  ['all 2 cores', 2, 1.9, { shippers: 0.9, receivers: 0.7, servers: 0.2, workers: 0 }],
  ['all 2 cores, with other programs', 2, 1.9, { shippers: 0.9, receivers: 0.2, servers: 0.2, workers: 0 }],
  ['a core for each of the receivers', 8, 5, { shippers: 2, receivers: 1.9, servers: 0.5, workers: 0 }],
  ['waiting', 8, 4, { shippers: 2, receivers: 0.5, servers: 0.5, workers: 0 }],
])('the limit is: %s', (expected, cores, machineCores, busy) => {
  expect(limitOf(outcome(busy, machineCores), cores)).toBe(expected);
});

test.each([
  [[100, 190, 195, 193], 1],
  [[100, 90], 0],
  [[100, 200, 400], undefined],
  [[100], undefined],
])('of %j the first that gains no tenth more is %j', (rates, expected) => {
  expect(saturatedAt(rates)).toBe(expected);
});
