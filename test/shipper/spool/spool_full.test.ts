import { describe, expect, test } from 'vitest';
import {
  Reading,
  fill,
  leave,
  openSpool,
  range,
  readEpoch,
  spoolBatch,
  spoolFiles,
} from '../../helpers/spools.ts';
import { temporaryFolder } from '../../helpers/temp_folder.ts';
import { until } from '../../helpers/until.ts';

const MAX_BYTES = 200_000;
const BATCH = { count: 7, bytes: 5000 };
/** Records of this batch are 5,180 bytes long: so many fit, and 2,900 bytes are left. */
const FITS = 38;

describe('block', () => {
  test('keeps the bound and loses nothing: what is acknowledged makes room', async () => {
    await using folder = await temporaryFolder();
    const { spool } = await openSpool(folder.path, { maxBytes: MAX_BYTES });
    let most = 0;
    let appended = 0;
    const written = (async () => {
      for (const sequence of range(1, 300)) {
        await spool.append(await spoolBatch(sequence, BATCH));
        appended = sequence;
        most = Math.max(most, spool.bytes);
      }
      await spool.end();
    })();
    await until('there is no room for another', () => appended >= FITS);
    const atFull = appended;
    await new Promise((resolve) => setImmediate(resolve));
    expect(appended).toBe(atFull);
    const reading = await readEpoch(spool, spool.epoch, true);
    await written;
    expect(reading.sequences).toEqual(range(1, 300));
    expect(most).toBeLessThanOrEqual(MAX_BYTES);
    expect(spool.droppedEntries).toBe(0);
    await spool.close();
    expect(await spoolFiles(folder.path)).toEqual([]);
  });

  test('takes a batch larger than the spool when nothing else is in it', async () => {
    await using folder = await temporaryFolder();
    const { spool } = await openSpool(folder.path, { maxBytes: MAX_BYTES });
    const read = readEpoch(spool, spool.epoch, true);
    await fill(spool, 1, 1);
    await fill(spool, 2, 2, { bytes: 2 * MAX_BYTES });
    await fill(spool, 3, 3);
    await spool.end();
    expect((await read).sequences).toEqual([1, 2, 3]);
    await spool.close();
  });
});

/** What a reader of all epochs sees; it insists on the numbers of each. */
async function readAll(folder: string): Promise<Reading[]> {
  const { spool } = await openSpool(folder);
  const readings: Reading[] = [];
  for (const epoch of spool.epochs().slice(0, -1)) readings.push(await readEpoch(spool, epoch));
  await spool.close();
  return readings;
}

describe.each(['drop_newest', 'drop_oldest'] as const)('%s', (full) => {
  test('keeps the bound, and declares exactly what was dropped', async () => {
    await using folder = await temporaryFolder();
    const { spool, logs } = await openSpool(folder.path, { maxBytes: MAX_BYTES, full });
    let most = 0;
    for (const sequence of range(1, 500)) {
      await spool.append(await spoolBatch(sequence, BATCH));
      most = Math.max(most, spool.bytes);
    }
    await spool.end();
    expect(Math.max(most, spool.bytes)).toBeLessThanOrEqual(MAX_BYTES);
    const reading = await readEpoch(spool, spool.epoch);
    expect(spool.cachedBytes).toBe(0);
    expect(reading.lost).toBe(spool.droppedEntries);
    expect(reading.entries + reading.lost).toBe(500 * 7);
    expect(reading.gaps).toHaveLength(1);
    expect(reading.gaps[0]).toMatchObject(
      full === 'drop_newest' ? { to: 500, reason: 'the spool was full' } : { from: 1 },
    );
    expect(reading.sequences.length).toBeGreaterThan(25);
    expect(logs.at('error')[0]).toContain('the spool is full (SPOOL_MAX_BYTES)');
    await spool.close();
  });

  test('declares it to the next run too', async () => {
    await using folder = await temporaryFolder();
    const { spool } = await openSpool(folder.path, { maxBytes: MAX_BYTES, full });
    await fill(spool, 1, 100, BATCH);
    await spool.end();
    await spool.close();
    const [reading] = await readAll(folder.path);
    expect(reading?.lost).toBe(spool.droppedEntries);
    expect((reading?.entries ?? 0) + (reading?.lost ?? 0)).toBe(700);
  });

  test('drops nothing of what is being delivered', async () => {
    await using folder = await temporaryFolder();
    const { spool } = await openSpool(folder.path, { maxBytes: MAX_BYTES, full });
    await fill(spool, 1, 35, BATCH);
    const reading = new Reading();
    const batches = spool.read(spool.epoch);
    const take = async (): Promise<void> => {
      const { value } = await batches.next();
      if (value !== undefined) reading.take(value);
    };
    for (let n = 0; n < 3; n += 1) await take();
    await fill(spool, 36, 200, BATCH);
    await spool.end();
    for await (const batch of batches) reading.take(batch);
    expect(reading.sequences.slice(0, 4)).toEqual([1, 2, 3, 4]);
    expect(reading.lost).toBe(spool.droppedEntries);
    expect(reading.entries + reading.lost).toBe(1400);
    await spool.close();
  });

  test('goes on when there is room again', async () => {
    await using folder = await temporaryFolder();
    const { spool } = await openSpool(folder.path, { maxBytes: MAX_BYTES, full });
    const reading = new Reading();
    const batches = spool.read(spool.epoch);
    let sequence = 0;
    for (let round = 0; round < 5; round += 1) {
      await fill(spool, sequence + 1, sequence + 60, BATCH);
      sequence += 60;
      for (let n = 0; n < 20; n += 1) {
        const { value } = await batches.next();
        if (value === undefined) throw new Error('no batch');
        reading.take(value);
        spool.acknowledged(spool.epoch, value.sequence);
      }
    }
    await spool.end();
    for await (const batch of batches) {
      reading.take(batch);
      spool.acknowledged(spool.epoch, batch.sequence);
    }
    expect(reading.gaps.length).toBeGreaterThan(1);
    expect(reading.lost).toBe(spool.droppedEntries);
    expect(reading.entries + reading.lost).toBe(300 * 7);
    await spool.close();
    expect(await spoolFiles(folder.path)).toEqual([]);
  });

  test('with batches so large that each is a file of its own never waits', async () => {
    await using folder = await temporaryFolder();
    const { spool } = await openSpool(folder.path, { maxBytes: MAX_BYTES, full });
    const batches = spool.read(spool.epoch);
    await fill(spool, 1, 3, { bytes: 60_000 });
    const reading = new Reading();
    for (let n = 0; n < 3; n += 1) reading.take((await batches.next()).value ?? (await spoolBatch(0)));
    await fill(spool, 4, 9, { bytes: 60_000 });
    await spool.end();
    for await (const batch of batches) reading.take(batch);
    expect(reading).toMatchObject({ entries: 3, lost: 6 });
    expect(spool.droppedEntries).toBe(6);
    await spool.close();
  });
});

describe('drop_oldest', () => {
  test('drops what an earlier run left first, and adds to what that had declared', async () => {
    await using folder = await temporaryFolder();
    const before = await leave(folder.path, 1, 60, BATCH, { maxBytes: MAX_BYTES, full: 'drop_newest' });
    expect(await readAll(folder.path)).toMatchObject([{ entries: 38 * 7 }]);
    const { spool } = await openSpool(folder.path, { maxBytes: MAX_BYTES, full: 'drop_oldest' });
    await fill(spool, 1, 200, BATCH);
    await spool.end();
    const earlier = await readEpoch(spool, before);
    const own = await readEpoch(spool, spool.epoch);
    expect(earlier).toMatchObject({ entries: 0, lost: 38 * 7 });
    expect(earlier.gaps).toHaveLength(1);
    expect(own.entries + own.lost).toBe(1400);
    expect(earlier.lost + own.lost).toBe(spool.droppedEntries);
    await spool.close();
  });

  test('while a reader is at its heels gives it the gap, and not a batch under the same number', async () => {
    await using folder = await temporaryFolder();
    const { spool } = await openSpool(folder.path, { maxBytes: MAX_BYTES, full: 'drop_oldest' });
    await fill(spool, 1, 100, BATCH);
    const read = readEpoch(spool, spool.epoch);
    await fill(spool, 101, 600, BATCH);
    await spool.end();
    const reading = await read;
    expect(reading.lost).toBe(spool.droppedEntries);
    expect(reading.entries + reading.lost).toBe(600 * 7);
    await spool.close();
  });

  test('a crash between the gap and the end of the file it covers: the gap holds', async () => {
    await using folder = await temporaryFolder();
    await leave(folder.path, 1, 20, BATCH, { maxBytes: MAX_BYTES });
    await using copy = await temporaryFolder();
    const { cp } = await import('node:fs/promises');
    await cp(folder.path, copy.path, { recursive: true });
    const { spool } = await openSpool(folder.path, { maxBytes: 110_000, full: 'drop_oldest' });
    await fill(spool, 1, 6, BATCH);
    const [first = ''] = await spoolFiles(folder.path);
    await cp(folder.in(first), copy.in(first));
    await spool.close();
    const [whole, crashed] = [await readAll(folder.path), await readAll(copy.path)];
    expect(whole[0]?.gaps).toHaveLength(1);
    expect(crashed[0]?.gaps).toEqual(whole[0]?.gaps);
    expect(crashed[0]?.sequences).toEqual(whole[0]?.sequences);
  });
});
