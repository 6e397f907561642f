import { expect, test } from 'vitest';
import { GroupView } from '../../src/jetstream/group_view.ts';
import type { WorkGroup } from '../../src/jetstream/work_group.ts';
import { newLedger } from '../../src/jetstream/work_ledger.ts';
import { until } from '../helpers/until.ts';

test('a worker that is dead for long is forgotten, unless something is left to it', async () => {
  const members = new Map([
    ['dead', 1],
    ['awaited', 2],
    ['alive', 3],
  ]);
  const left = [{ worker: 'awaited', from: 1, to: 2 }];
  const group = {
    members: () => Promise.resolve(new Map(members)),
    ledger: () => Promise.resolve({ ledger: { ...newLedger(3), left }, revision: 4 }),
    leave: (worker: string) => Promise.resolve(members.delete(worker)),
  } as unknown as WorkGroup;
  const view = new GroupView(group, 1, 1);
  let beat = 10;
  await until('it is forgotten', async () => {
    members.set('alive', (beat += 1));
    await view.look();
    return !members.has('dead');
  });
  expect([...members.keys()]).toEqual(['awaited', 'alive']);
});
