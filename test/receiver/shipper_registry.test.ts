import { expect, test } from 'vitest';
import { ShipperRegistry } from '../../src/receiver/shipper_registry.ts';
import { codeOf } from '../helpers/errors.ts';

const holder = (): { isGone: boolean; giveWay(): Promise<void> } => ({
  isGone: false,
  giveWay() {
    this.isGone = true;
    return Promise.resolve();
  },
});

const first = (id: string) => ({ id, isReturning: false });
const returning = (id: string) => ({ id, isReturning: true });

test.each([
  ['a new run takes over from another', first('x'), first('y'), true],
  ['a run that comes back takes over from its own old connection', first('x'), returning('x'), true],
  ['a run that comes back does not take over from another', first('x'), returning('y'), false],
  ['a run that says nothing of itself takes over', first('x'), undefined, true],
  ['a run that comes back takes over from one that says nothing of itself', undefined, returning('y'), true],
])('%s', async (_name, one, other, doesTakeOver) => {
  const shippers = new ShipperRegistry();
  const [before, after] = [holder(), holder()];
  await shippers.enter('web-1', before, one);
  const entering = shippers.enter('web-1', after, other);
  if (doesTakeOver) await entering;
  else expect(await codeOf(() => entering)).toBe('taken_over');
  expect(before.isGone).toBe(doesTakeOver);
  shippers.leave(doesTakeOver ? before : after);
  expect(shippers.ids, 'the one that did not hold it any more can go').toEqual(['web-1']);
  shippers.leave(doesTakeOver ? after : before);
  expect(shippers.ids).toEqual([]);
});

test('a run that comes back where nobody holds its id is let in', async () => {
  const shippers = new ShipperRegistry();
  await shippers.enter('web-1', holder(), returning('x'));
  expect(shippers.ids).toEqual(['web-1']);
});
