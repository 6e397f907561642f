import { expect, test } from 'vitest';
import type { StoredEvent } from '../../src/events/event.ts';
import { AT_START, fold, keysOf, stateOf } from '../../src/events/fold.ts';
import type { Json, Projection } from '../../src/events/projection.ts';
import { eventOf } from '../helpers/event_engines.ts';

const stored = (position: number, type = 'a'): StoredEvent => ({
  ...eventOf(position, { type }),
  payload: Buffer.alloc(0),
  position,
});

const perType: Projection<number> = {
  name: 'per_type',
  version: 1,
  help: '',
  keyOf: ({ type }) => (type === 'ignored' ? undefined : type),
  initial: 0,
  apply(count, { position }) {
    if (position === 4) throw new Error('four');
    return count + 1;
  },
};

const states = (entries: Record<string, Json> = {}): Map<string, Json> => new Map(Object.entries(entries));

test('goes on from the states there are, and says which changed', () => {
  const before = states({ a: 5, c: 1 });
  const folded = fold(perType, AT_START, before, [stored(1), stored(2, 'b'), stored(3, 'ignored')]);
  expect(folded.failure).toBeUndefined();
  expect(folded.progress).toEqual({ position: 3, latest: 1_700_000_000_003n });
  expect(Object.fromEntries(folded.changed)).toEqual({ a: '6', b: '1' });
  expect(Object.fromEntries(before)).toEqual({ a: 6, b: 1, c: 1 });
});

test('stops before an event at which the projection throws', () => {
  const folded = fold(perType, AT_START, states(), [stored(3), stored(4), stored(5)]);
  expect(folded.failure).toMatchObject({ code: 'projection_failed', projection: 'per_type', position: 4 });
  expect(folded.progress.position).toBe(3);
  expect(Object.fromEntries(folded.changed)).toEqual({ a: '1' });
});

test.each<[string, () => unknown]>([
  ['undefined', () => undefined],
  ['a bigint', () => 1n],
])('a state that is %s stops the projection, and nothing of it is kept', (_, apply) => {
  const broken = { ...perType, apply } as unknown as Projection;
  const folded = fold(broken, { position: 6, latest: 9n }, states(), [stored(7), stored(8)]);
  expect(folded.failure?.position).toBe(7);
  expect(folded.progress).toEqual({ position: 6, latest: 9n });
  expect(folded.changed.size).toBe(0);
});

test.each(['a\0b', 'half \ud800', 'x'.repeat(513)])(
  'a key that can’t be kept stops the projection',
  (type) => {
    const folded = fold(perType, AT_START, states(), [stored(1), stored(2, type)]);
    expect(folded.failure?.position).toBe(2);
    expect([...keysOf(perType, [stored(1), stored(2, type), stored(3, 'b')])]).toEqual(['a']);
  },
);

test('states with keys are an object, whatever the keys are', () => {
  const hostile = new Map<string, Json>([
    ['__proto__', 1],
    ['constructor', 2],
  ]);
  const state = stateOf(perType, hostile);
  expect(JSON.stringify(state)).toBe('{"__proto__":1,"constructor":2}');
  expect(Object.getPrototypeOf(state)).toBe(Object.prototype);
});
