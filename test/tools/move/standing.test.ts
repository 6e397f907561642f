import { expect, test } from 'vitest';
import type { ShipperNumbers } from '../../../src/archive/commit_log.ts';
import { standingOf } from '../../../src/tools/move/standing.ts';

const at = (epoch: number, sequence: number, earlier: ShipperNumbers['earlier'] = []): ShipperNumbers => ({
  epoch,
  sequence,
  crc: sequence,
  earlier,
});

test.each([
  ['same', at(1, 5), at(1, 5)],
  ['ahead', at(1, 6), at(1, 5)],
  ['behind', at(1, 4), at(1, 5)],
  ['apart', { ...at(1, 5), crc: 9 }, at(1, 5)],
  ['apart', at(1, 5), at(2, 5)],
  ['ahead', at(2, 1, [at(1, 5)]), at(1, 5)],
  ['behind', at(1, 3), at(2, 1, [at(1, 5)])],
  ['apart', at(2, 1, [at(1, 4)]), at(1, 5)],
  ['apart', at(1, 50, [at(2, 5)]), at(2, 7, [at(1, 30)])],
] as const)('%s: %j seen from %j', (expected, one, other) => {
  expect(standingOf(one, other)).toBe(expected);
});
