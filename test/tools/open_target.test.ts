import { expect, test } from 'vitest';
import { FORMATS } from '../../src/archive/format.ts';
import type { StreamBlock } from '../../src/jetstream/work_target.ts';
import { expectNotMoved } from '../../src/tools/move/moved_mark.ts';
import { openTarget, type ArchiveWishes } from '../../src/tools/work/open_target.ts';
import { WorkLog } from '../../src/tools/work/work_log.ts';
import { encodeBlock, decodeBlock } from '../../src/jetstream/block_message.ts';
import { makeBlock } from '../helpers/blocks.ts';
import { FaultyDisk } from '../helpers/faulty_disk.ts';
import { silentLog } from '../helpers/logs.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';
import { until } from '../helpers/until.ts';

async function openArchive(folder: string, disk: FaultyDisk) {
  const archive = {
    folder,
    disk,
    format: 'gzip',
    segmentMaxBytes: 1e6,
    fsync: 'never',
    retryAfterMs: 10,
  } as const;
  const settings = {} as ArchiveWishes['settings'];
  const wishes = { archive, level: 1, outputs: [], settings };
  const report = new WorkLog(silentLog);
  const stop = new AbortController();
  const running = { report, log: silentLog, stream: 'S', signal: stop.signal };
  return { ...(await openTarget(wishes, { worker: 'w', group: 'archive' }, running)), report, stop };
}

async function blockAt(sequence: number): Promise<StreamBlock> {
  return { ...decodeBlock(encodeBlock(FORMATS.gzip, await makeBlock({ sequence }))), sequence };
}

test('a full disk is told while it is full, and does not hold up the end', async () => {
  await using folder = await temporaryFolder();
  const disk = new FaultyDisk();
  await using opened = await openArchive(folder.path, disk);
  const { target, report, stop } = opened;
  await target.write('S-0', [await blockAt(1)]);
  disk.faults.add('write');
  const second = target.write('S-0', [await blockAt(2)]);
  await until('it is told', () => report.trouble !== undefined);
  disk.faults.clear();
  await second;
  expect(report.trouble).toBeUndefined();
  disk.faults.add('write');
  const third = expect(target.write('S-0', [await blockAt(3)])).rejects.toThrow("the archive can't write");
  await until('it is told again', () => report.trouble !== undefined);
  stop.abort();
  await third;
});

test('no receiver is begun in a worker’s archive', async () => {
  await using folder = await temporaryFolder();
  await (await openArchive(folder.path, new FaultyDisk()))[Symbol.asyncDispose]();
  await expect(expectNotMoved(folder.path)).rejects.toThrow('is in JetStream: {"to":"S"}');
});
