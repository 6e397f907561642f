import { expect, test } from 'vitest';
import { figuresOf } from '../../src/dashboard/figures.ts';
import type { Live } from '../../src/monitor/live.ts';

test('shippers are counted past those that are told, and what has no connection of its own is not gone', () => {
  const named = ['@http', '(other)'].map((id) => ({ id, connections: 0 }));
  const many = Array.from({ length: 80 }, (_, n) => ({ id: `shop-${n}`, connections: n < 20 ? 0 : 1 }));
  const live = {
    figures: { shippers: [...named, ...many] },
    history: () => ({ untilMs: 0, perSecond: { logs: [], bytesIn: [], archivedBytes: [], acks: [] } }),
  } as unknown as Live;
  const figures = figuresOf(live, 1);
  expect(figures).toMatchObject({ shipperCount: 82, connectedShippers: 60, goneShippers: 20 });
  expect(figures.shippers.length).toBe(50);
  expect(figures.shippers.slice(0, 3).map(({ isGone }) => isGone)).toEqual([false, false, true]);
});
