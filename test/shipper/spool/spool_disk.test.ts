import { open, stat, unlink, writeFile, type FileHandle } from 'node:fs/promises';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { Reading, fill, openSpool, range, readEpoch, spoolBatch, spoolFiles } from '../../helpers/spools.ts';
import { smallDisk } from '../../helpers/spool_disk.ts';
import { temporaryFolder } from '../../helpers/temp_folder.ts';
import { until } from '../../helpers/until.ts';

/** What all file handles have in common, so that their calls can be counted and made to fail. */
async function handles(): Promise<FileHandle> {
  const file = await open(new URL(import.meta.url).pathname, 'r');
  const prototype = Object.getPrototypeOf(file) as FileHandle;
  await file.close();
  return prototype;
}

afterEach(() => void vi.restoreAllMocks());

describe('fsync', () => {
  test('always: before a batch can be read', async () => {
    await using folder = await temporaryFolder();
    const datasync = vi.spyOn(await handles(), 'datasync');
    const { spool } = await openSpool(folder.path, { fsync: 'always' });
    for (const sequence of range(1, 3)) {
      await spool.append(await spoolBatch(sequence));
      expect(datasync).toHaveBeenCalledTimes(sequence);
    }
    await spool.close();
    expect(datasync).toHaveBeenCalledTimes(3);
  });

  test('interval: once a second, and at the end', async () => {
    await using folder = await temporaryFolder();
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    try {
      const datasync = vi.spyOn(await handles(), 'datasync');
      const { spool } = await openSpool(folder.path, { fsync: 'interval' });
      await fill(spool, 1, 3);
      expect(datasync).toHaveBeenCalledTimes(0);
      vi.advanceTimersByTime(1000);
      expect(datasync).toHaveBeenCalledTimes(1);
      vi.advanceTimersByTime(5000);
      expect(datasync).toHaveBeenCalledTimes(1);
      await fill(spool, 4, 4);
      await spool.close();
      expect(datasync).toHaveBeenCalledTimes(2);
    } finally {
      vi.useRealTimers();
    }
  });

  test('never', async () => {
    await using folder = await temporaryFolder();
    const datasync = vi.spyOn(await handles(), 'datasync');
    const { spool } = await openSpool(folder.path, { fsync: 'never' });
    await fill(spool, 1, 3);
    await spool.close();
    expect(datasync).toHaveBeenCalledTimes(0);
  });

  test('that fails: the batch is written again before it is there', async () => {
    await using folder = await temporaryFolder();
    const datasync = vi
      .spyOn(await handles(), 'datasync')
      .mockRejectedValueOnce(new Error('EIO, a bad disk'));
    const write = vi.spyOn(await handles(), 'write');
    const { spool, logs } = await openSpool(folder.path, { fsync: 'always' });
    await fill(spool, 1, 2);
    expect(datasync).toHaveBeenCalledTimes(3);
    expect(write).toHaveBeenCalledTimes(3);
    expect(logs.at('error')).toEqual(["the spool can't be written: EIO, a bad disk"]);
    await spool.end();
    expect((await readEpoch(spool, spool.epoch)).sequences).toEqual([1, 2]);
    await spool.close();
    const { spool: again } = await openSpool(folder.path);
    expect((await readEpoch(again, 1)).sequences).toEqual([1, 2]);
    await again.close();
  });
});

describe('a disk that fails', () => {
  test('is tried again, and a write that took only a part is finished', async () => {
    await using folder = await temporaryFolder();
    const prototype = await handles();
    let calls = 0;
    const original = Reflect.get(prototype, 'write') as (...all: unknown[]) => Promise<unknown>;
    vi.spyOn(prototype, 'write').mockImplementation(function (this: FileHandle, ...args: unknown[]) {
      calls += 1;
      if (calls % 5 === 0) return Promise.reject(new Error('no space'));
      const [bytes, offset, length, position] = args as [Buffer, number, number, number];
      return Reflect.apply(original, this, [bytes, offset, Math.min(20, length), position]) as never;
    });
    const { spool, logs } = await openSpool(folder.path);
    await fill(spool, 1, 5);
    await spool.close();
    vi.restoreAllMocks();
    expect(logs.at('error')[0]).toBe("the spool can't be written: no space");
    const { spool: again, logs: later } = await openSpool(folder.path);
    expect((await readEpoch(again, 1)).sequences).toEqual(range(1, 5));
    expect(later.at('error')).toEqual([]);
    await again.close();
  });

  test('does not keep a spool from being closed, which leaves no empty file', async () => {
    await using folder = await temporaryFolder();
    vi.spyOn(await handles(), 'write').mockRejectedValue(new Error('no space'));
    const { spool, logs } = await openSpool(folder.path, { retryAfterMs: 60_000 });
    const appended = spool.append(await spoolBatch(1)).catch((error: unknown) => error);
    await until('it failed', () => logs.at('error').length > 0);
    await spool.close();
    expect(await appended).toMatchObject({ code: 'closed' });
    expect(await spoolFiles(folder.path)).toEqual([]);
  });
});

describe('a disk that is full', () => {
  test('stops the source and loses nothing: it goes on when there is room', async ({ skip }) => {
    await using disk = await smallDisk(1);
    if (disk === undefined) return skip('no tmpfs can be mounted here');
    await writeFile(disk.in('other'), Buffer.alloc(500_000));
    const { spool, logs } = await openSpool(disk.path, { fsync: 'always' });
    const written = fill(spool, 1, 60, { bytes: 15_000 });
    await until('the disk is full', () => logs.at('error').some((line) => line.includes('ENOSPC')));
    expect((await stat(disk.in('other'))).size).toBe(500_000);
    await unlink(disk.in('other'));
    await written;
    await spool.end();
    expect((await readEpoch(spool, spool.epoch, true)).sequences).toEqual(range(1, 60));
    await spool.close();
    expect(await spoolFiles(disk.path)).toEqual([]);
  });

  test('of what is acknowledged is made free by itself', async ({ skip }) => {
    await using disk = await smallDisk(1);
    if (disk === undefined) return skip('no tmpfs can be mounted here');
    const { spool, logs } = await openSpool(disk.path);
    const written = fill(spool, 1, 200, { bytes: 15_000 }).then(() => spool.end());
    await until('the disk is full', () => logs.at('error').some((line) => line.includes('ENOSPC')));
    const reading = new Reading();
    for await (const batch of spool.read(spool.epoch)) {
      reading.take(batch);
      spool.acknowledged(spool.epoch, batch.sequence);
    }
    await written;
    expect(reading.sequences).toEqual(range(1, 200));
    await spool.close();
    expect(await spoolFiles(disk.path)).toEqual([]);
  });
});
