import { expect, test } from 'vitest';
import { PartitionTasks, type TaskOptions } from '../../src/jetstream/partition_tasks.ts';
import { WorkLog } from '../../src/tools/work/work_log.ts';
import { silentLog } from '../helpers/logs.ts';

const nats = { ask: () => Promise.resolve({ state: { first_seq: 1, last_seq: 5 } }) };

test('a partition that could not be taken is no trouble any more when another has it', async () => {
  const report = new WorkLog(silentLog);
  const tasks = new PartitionTasks({
    ...{ nats, report, worker: 'w', tellMs: 10, names: { stream: 'S', partitions: 1 } },
    group: { write: () => Promise.reject(new Error('no answer')) },
    signal: new AbortController().signal,
  } as unknown as TaskOptions);
  tasks.take({ partition: 0, seen: undefined, stillForMs: 0 });
  await tasks.ended();
  expect(report.trouble).toBe('no answer');
  tasks.passOver(0);
  expect(report.trouble).toBeUndefined();
});
