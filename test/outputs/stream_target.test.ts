import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { FORMATS } from '../../src/archive/format.ts';
import { decodeBlock, encodeBlock } from '../../src/jetstream/block_message.ts';
import type { StreamBlock } from '../../src/jetstream/work_target.ts';
import { StreamTarget } from '../../src/outputs/stream_target.ts';
import type { OutputPlan } from '../../src/outputs/output.ts';
import { makeBlock } from '../helpers/blocks.ts';
import { memoryOutput } from '../helpers/memory_output.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';

/** A block as a worker has it from the stream, with one entry. */
async function received(sequence: number, text = `{"n":${sequence}}\n`): Promise<StreamBlock> {
  return { ...decodeBlock(encodeBlock(FORMATS.gzip, await makeBlock({ sequence, text }))), sequence };
}

const open = (folder: string, plan: OutputPlan, wishes: { worker?: string; found?: string[] } = {}) =>
  StreamTarget.open({
    folder,
    plan,
    group: 'memory',
    worker: wishes.worker ?? 'w-1',
    found: (finding) => void wishes.found?.push(finding),
  });

test('what comes again is left out, in each stream by itself, also by the next who opens it', async () => {
  await using folder = await temporaryFolder();
  const plan = memoryOutput();
  {
    await using target = await open(folder.path, plan);
    await Promise.all([
      target.write('S-0', [await received(1), await received(2)]),
      target.write('S-1', [await received(1)]),
    ]);
    await target.write('S-0', [await received(2), await received(3)]);
  }
  await using target = await open(folder.path, plan);
  await target.write('S-1', [await received(1), await received(5)]);
  expect(plan.lines).toEqual(['{"n":1}', '{"n":2}', '{"n":1}', '{"n":3}', '{"n":5}']);
  expect(target.state).toMatchObject({ entries: 5, work: { streams: { 'S-0': 3, 'S-1': 5 } } });
});

test('what an output did not take is written when it is given again, once', async () => {
  await using folder = await temporaryFolder();
  const plan = memoryOutput(2);
  await using target = await open(folder.path, plan);
  const blocks = [await received(1), await received(2)];
  for (let failure = 1; failure <= 2; failure += 1)
    await expect(target.write('S-0', blocks)).rejects.toThrow('no space left');
  await target.write('S-0', blocks);
  expect(plan.lines).toEqual(['{"n":1}', '{"n":2}']);
});

test('an output that can’t be closed either is told, and what it did not take is rejected all the same', async () => {
  await using folder = await temporaryFolder();
  const plan = memoryOutput(1);
  const found: string[] = [];
  let closings = 0;
  const close = (): Promise<void> =>
    (closings += 1) === 1 ? Promise.reject(new Error('stuck')) : Promise.resolve();
  const stuck: OutputPlan = {
    ...plan,
    open: async (told) => ({ ...(await plan.open(told)), [Symbol.asyncDispose]: close }),
  };
  await using target = await open(folder.path, stuck, { found });
  await expect(target.write('S-0', [await received(1)])).rejects.toThrow('no space left');
  await target.write('S-0', [await received(1)]);
  expect(found).toEqual([expect.stringContaining('stuck')]);
});

test('lines that are no JSON are kept aside with their place, and damage is counted', async () => {
  await using folder = await temporaryFolder();
  const plan = memoryOutput();
  const found: string[] = [];
  await using target = await open(folder.path, plan, { found });
  const damaged = { ...(await received(8)), body: Buffer.from('nothing') };
  await target.write('S-0', [await received(7, '{"n":1}\n{no}\n'), damaged, await received(9)]);
  expect(plan.lines).toEqual(['{"n":1}', '{"n":9}']);
  expect(target.state).toMatchObject({ entries: 2, malformed: 1, damaged: 1 });
  expect(found).toEqual([expect.stringContaining('message 8 of S-0 is left out')]);
  const rejected = await readFile(folder.in('rejected', 'memory.jsonl'), 'utf8');
  expect(JSON.parse(rejected)).toMatchObject({ segment: 'S-0', offset: 7, line: 2, text: '{no}' });
});

test('what another worker wrote is not gone on with', async () => {
  await using folder = await temporaryFolder();
  const plan = memoryOutput();
  {
    await using target = await open(folder.path, plan);
    await target.write('S-0', [await received(1)]);
  }
  await expect(open(folder.path, plan, { worker: 'w-2' })).rejects.toThrow('was written by the worker w-1');
});
