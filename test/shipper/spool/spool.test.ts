import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { codeOf } from '../../helpers/errors.ts';
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

describe('a queue', () => {
  test('gives what was appended, in order, and ends behind the end', async () => {
    await using folder = await temporaryFolder();
    const { spool } = await openSpool(folder.path);
    await fill(spool, 1, 50);
    await spool.end();
    const reading = await readEpoch(spool, spool.epoch);
    expect(reading.sequences).toEqual(range(1, 50));
    expect(reading.gaps).toEqual([]);
    await spool.close();
  });

  test('gives a batch as soon as it is appended, while more are', async () => {
    await using folder = await temporaryFolder();
    const { spool } = await openSpool(folder.path);
    const reading = new Reading();
    const read = (async () => {
      for await (const batch of spool.read(spool.epoch)) reading.take(batch);
    })();
    for (const sequence of range(1, 20)) {
      await spool.append(await spoolBatch(sequence));
      await until(`batch ${sequence} is read`, () => reading.sequences.at(-1) === sequence);
    }
    await spool.end();
    await read;
    expect(reading.sequences).toEqual(range(1, 20));
    await spool.close();
  });

  test('gives what earlier runs left in the order of their runs, each in its own epoch', async () => {
    await using folder = await temporaryFolder();
    expect(await leave(folder.path, 1, 3, {}, { now: () => 100 })).toBe(100);
    expect(await leave(folder.path, 1, 2, {}, { now: () => 50 })).toBe(101);
    expect(await leave(folder.path, 1, 4, {}, { now: () => 1000 })).toBe(1000);
    const { spool } = await openSpool(folder.path, { now: () => 2000 });
    expect(spool.epochs()).toEqual([100, 101, 1000, 2000]);
    expect(spool.leftEntries).toBe(9);
    await spool.append(await spoolBatch(1));
    await spool.end();
    const read = [];
    for (const epoch of spool.epochs()) read.push((await readEpoch(spool, epoch)).sequences);
    expect(read).toEqual([range(1, 3), range(1, 2), range(1, 4), [1]]);
    await spool.close();
  });

  test('is in the order of its numbers over many files', async () => {
    await using folder = await temporaryFolder();
    await leave(folder.path, 1, 60, { bytes: 20_000 }, { maxBytes: 1024 ** 2 * 2 });
    expect((await spoolFiles(folder.path)).length).toBeGreaterThan(3);
    const { spool } = await openSpool(folder.path);
    expect((await readEpoch(spool, 1)).sequences).toEqual(range(1, 60));
    await spool.close();
  });
});

describe('what is acknowledged', () => {
  test('is deleted file by file, and nothing is left at a clean end', async () => {
    await using folder = await temporaryFolder();
    const { spool } = await openSpool(folder.path, { maxBytes: 1024 ** 2 });
    await fill(spool, 1, 40, { bytes: 20_000 });
    expect((await spoolFiles(folder.path)).length).toBeGreaterThan(3);
    const reading = new Reading();
    for await (const batch of spool.read(spool.epoch)) {
      reading.take(batch);
      spool.acknowledged(spool.epoch, batch.sequence);
      if (batch.sequence === 40) break;
    }
    expect(spool.bytes).toBeLessThan(1024 ** 2 / 8);
    await spool.end();
    expect(spool.bytes).toBe(0);
    await spool.close();
    expect(await readdir(folder.path)).toEqual([]);
  });

  test('is deleted at the end, also when the last word came before it', async () => {
    await using folder = await temporaryFolder();
    const { spool } = await openSpool(folder.path);
    const read = readEpoch(spool, spool.epoch, true);
    await fill(spool, 1, 3);
    await until('all is read', () => spool.cachedBytes === 0);
    await spool.end();
    expect((await read).sequences).toEqual([1, 2, 3]);
    await spool.close();
    expect(await spoolFiles(folder.path)).toEqual([]);
  });

  test('stays in its file while anything else there is not', async () => {
    await using folder = await temporaryFolder();
    await leave(folder.path, 1, 10);
    const { spool } = await openSpool(folder.path);
    await readEpoch(spool, 1);
    spool.acknowledged(1, 9);
    await spool.close();
    expect(await spoolFiles(folder.path)).toHaveLength(1);
    const { spool: again } = await openSpool(folder.path);
    await readEpoch(again, 1);
    again.acknowledged(1, 10);
    await again.close();
    expect(await spoolFiles(folder.path)).toEqual([]);
  });

  test('before it was given out (the receiver had it) is given out all the same, so that it is counted', async () => {
    await using folder = await temporaryFolder();
    await leave(folder.path, 1, 10);
    const { spool } = await openSpool(folder.path);
    spool.acknowledged(1, 10);
    expect((await readEpoch(spool, 1, true)).sequences).toEqual(range(1, 10));
    await spool.close();
    expect(await spoolFiles(folder.path)).toEqual([]);
  });
});

test('memory holds 8 MiB of batches; those past it are read from disk', async () => {
  await using folder = await temporaryFolder();
  const { spool } = await openSpool(folder.path);
  await fill(spool, 1, 40, { bytes: 500_000 });
  expect(spool.bytes).toBeGreaterThan(19_000_000);
  expect(spool.cachedBytes).toBeGreaterThan(7 * 1024 ** 2);
  expect(spool.cachedBytes).toBeLessThanOrEqual(8 * 1024 ** 2);
  await spool.end();
  const reading = new Reading();
  for await (const batch of spool.read(spool.epoch)) {
    expect(batch.body.equals((await spoolBatch(batch.sequence, { bytes: 500_000 })).body)).toBe(true);
    reading.take(batch);
  }
  expect(reading.sequences).toEqual(range(1, 40));
  expect(spool.cachedBytes).toBe(0);
  await spool.close();
});

describe('closing', () => {
  test('twice is fine, and keeps what is not acknowledged', async () => {
    await using folder = await temporaryFolder();
    const { spool } = await openSpool(folder.path);
    await fill(spool, 1, 2);
    await spool.close();
    await spool.close();
    expect(await codeOf(async () => spool.append(await spoolBatch(3)))).toBe('closed');
    const { spool: again } = await openSpool(folder.path);
    expect(again.leftEntries).toBe(2);
    await again.close();
  });

  test('ends a reader that waits', async () => {
    await using folder = await temporaryFolder();
    const { spool } = await openSpool(folder.path);
    const read = readEpoch(spool, spool.epoch);
    await spool.close();
    expect((await read).sequences).toEqual([]);
  });

  test('ends an append that waits for room', async () => {
    await using folder = await temporaryFolder();
    const { spool } = await openSpool(folder.path, { maxBytes: 100_000 });
    await fill(spool, 1, 4, { bytes: 20_000 });
    const waiting = codeOf(() => fill(spool, 5, 5, { bytes: 20_000 }));
    await spool.close();
    expect(await waiting).toBe('closed');
  });
});

const HOLDER = `
import { Spool } from ${JSON.stringify(new URL('../../../src/shipper/spool/spool.ts', import.meta.url).href)};
const log = { error() {}, warn() {}, info() {} };
await Spool.open({ folder: process.argv[1], maxBytes: 1e6, full: 'block', fsync: 'never', log, now: Date.now });
process.stdout.write('open');
setInterval(() => undefined, 1000);
`;

test('a spool is open in one process at a time, and free again when that was killed', async () => {
  await using folder = await temporaryFolder();
  const holder = spawn(process.execPath, ['--input-type=module', '-e', HOLDER, folder.path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    await once(holder.stdout, 'data');
    expect(await codeOf(() => openSpool(folder.path))).toBe('closed');
  } finally {
    holder.kill('SIGKILL');
    await once(holder, 'exit');
  }
  const { spool } = await openSpool(folder.path);
  expect(await codeOf(() => openSpool(folder.path))).toBe('closed');
  await spool.close();
});
