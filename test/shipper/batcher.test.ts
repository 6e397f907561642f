import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { SourcePositions } from '../../src/entry.ts';
import { Batcher, type RawBatch } from '../../src/shipper/batcher.ts';
import { chunkOf } from '../helpers/shippers.ts';

const OPTIONS = { size: 3, intervalMs: 1000, maxBytes: 100 };
const LINE = '{"a":1}';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A batcher, and the batches it has given so far. */
function batching(options: Partial<typeof OPTIONS> = {}) {
  const line = { isBusy: false };
  const batcher = new Batcher({ ...OPTIONS, ...options }, () => line.isBusy);
  const batches: RawBatch[] = [];
  const ended = (async () => {
    for await (const batch of batcher.batches()) batches.push(batch);
  })();
  const counts = (): number[] => batches.map(({ count }) => count);
  return { batcher, batches, counts, ended, line };
}

/** Lets everything run that waits for nothing but its turn. */
const turn = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);

describe('a batch goes', () => {
  test('when it has its count', async () => {
    const { batcher, batches, counts } = batching();
    await batcher.add(chunkOf([LINE]));
    await batcher.add(chunkOf([LINE]));
    await turn();
    expect(counts()).toEqual([]);
    await batcher.add(chunkOf(['{"b":2}']));
    await turn();
    expect(counts()).toEqual([3]);
    expect(batches[0]?.raw.toString()).toBe(`${LINE}\n${LINE}\n{"b":2}\n`);
  });

  test('when its time is up, counted from its first entry', async () => {
    const { batcher, counts } = batching();
    await vi.advanceTimersByTimeAsync(5000);
    await batcher.add(chunkOf([LINE]));
    await vi.advanceTimersByTimeAsync(600);
    await batcher.add(chunkOf([LINE]));
    await vi.advanceTimersByTimeAsync(399);
    expect(counts()).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(counts()).toEqual([2]);
    await batcher.add(chunkOf([LINE]));
    await vi.advanceTimersByTimeAsync(999);
    expect(counts()).toEqual([2]);
    await vi.advanceTimersByTimeAsync(1);
    expect(counts()).toEqual([2, 1]);
  });

  test('when it is full of bytes, however busy the line is', async () => {
    const { batcher, counts, line } = batching({ size: 1000 });
    line.isBusy = true;
    for (let n = 0; n < 13; n += 1) void batcher.add(chunkOf([LINE]));
    await turn();
    expect(counts()).toEqual([12]);
  });

  test('at the end, with what is left', async () => {
    const { batcher, counts, ended, line } = batching();
    line.isBusy = true;
    await batcher.add(chunkOf([LINE]));
    batcher.end();
    await ended;
    expect(counts()).toEqual([1]);
  });

  test('never empty', async () => {
    const { batcher, counts, ended } = batching();
    await vi.advanceTimersByTimeAsync(10_000);
    batcher.end();
    await ended;
    expect(counts()).toEqual([]);
  });
});

describe('while the line is busy', () => {
  test('a batch that is due grows, and goes when the line is free', async () => {
    const { batcher, counts, line } = batching();
    line.isBusy = true;
    for (let n = 0; n < 7; n += 1) await batcher.add(chunkOf([LINE]));
    await vi.advanceTimersByTimeAsync(5000);
    expect(counts()).toEqual([]);
    line.isBusy = false;
    batcher.lineFreed();
    await turn();
    expect(counts()).toEqual([7]);
  });

  test('one that is overdue stays so', async () => {
    const { batcher, counts, line } = batching();
    line.isBusy = true;
    await batcher.add(chunkOf([LINE]));
    await vi.advanceTimersByTimeAsync(1500);
    line.isBusy = false;
    batcher.lineFreed();
    await turn();
    expect(counts()).toEqual([1]);
  });
});

describe('the bound', () => {
  test('past a full batch `add` waits until there is room', async () => {
    const batcher = new Batcher({ ...OPTIONS, size: 1000 }, () => true);
    let added = 0;
    const adding = (async () => {
      for (; added < 20; added += 1) await batcher.add(chunkOf([LINE]));
    })();
    await turn();
    expect(added).toBe(12);
    const batches = batcher.batches();
    expect((await batches.next()).value).toMatchObject({ count: 12 });
    await adding;
    expect(added).toBe(20);
  });

  test('the end lets a waiting `add` go', async () => {
    const batcher = new Batcher({ ...OPTIONS, maxBytes: 1 }, () => true);
    const adding = batcher.add(chunkOf([LINE]));
    batcher.end();
    await adding;
  });

  test('an entry over it goes alone, in its order', async () => {
    const { batcher, counts, ended } = batching({ maxBytes: 20 });
    void batcher.add(chunkOf([LINE]));
    void batcher.add(chunkOf([`{"long":"${'x'.repeat(50)}"}`]));
    void batcher.add(chunkOf([LINE, LINE]));
    batcher.end();
    await ended;
    expect(counts()).toEqual([1, 1, 2]);
  });
});

describe('source positions', () => {
  const at = (offset: number) => ({ offset, head: 'ab', headBytes: 1 });

  test('the last of each source is kept', async () => {
    const { batcher, batches, ended } = batching();
    await batcher.add(chunkOf([LINE], { '/a': at(8) }));
    await batcher.add(chunkOf([LINE], { '/b': at(8) }));
    await batcher.add(chunkOf([LINE], { '/a': at(16) }));
    batcher.end();
    await ended;
    expect(batches).toMatchObject([{ count: 3, positions: { '/a': at(16), '/b': at(8) } }]);
  });

  test('more of them than a batch may carry begin another one', async () => {
    const { batcher, batches, ended } = batching({ size: 100_000, maxBytes: 1e9 });
    for (let n = 0; n < 500; n += 1)
      await batcher.add(chunkOf([LINE], { [`/var/log/${n}/${'x'.repeat(200)}`]: at(8) }));
    batcher.end();
    await ended;
    expect(batches.length).toBeGreaterThan(1);
    for (const { positions } of batches) expect(JSON.stringify(positions).length).toBeLessThanOrEqual(60_000);
    expect(batches.reduce((sum, { count }) => sum + count, 0)).toBe(500);
    expect(
      Object.keys(Object.assign({}, ...batches.map(({ positions }) => positions)) as object),
    ).toHaveLength(500);
  });
});

describe('a chunk of no entries', () => {
  const at = (offset: number, name = '/a') => ({ [name]: { offset, head: 'h', headBytes: 1 } });
  const nothing = (positions: SourcePositions) => ({
    lines: { bytes: Buffer.alloc(0), count: 0 },
    positions,
  });

  test('moves the positions of the one before, and makes no batch of its own', async () => {
    const { batcher, batches, ended } = batching();
    await batcher.add({ ...chunkOf([LINE]), positions: at(8) });
    for (let offset = 9; offset < 1000; offset += 1) await batcher.add(nothing(at(offset)));
    batcher.end();
    await ended;
    expect(batches.map(({ count, positions }) => ({ count, positions }))).toEqual([
      { count: 1, positions: at(999) },
    ]);
  });

  test('alone goes when its time is up, with the positions of all that followed', async () => {
    const { batcher, batches } = batching();
    for (let offset = 1; offset < 1000; offset += 1) await batcher.add(nothing(at(offset)));
    await vi.advanceTimersByTimeAsync(999);
    expect(batches).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(batches).toMatchObject([{ count: 0, positions: at(999) }]);
  });

  test('goes at the end of input', async () => {
    const { batcher, batches, ended } = batching();
    await batcher.add(nothing(at(7)));
    await batcher.add(nothing(at(9, '/b')));
    batcher.end();
    await ended;
    expect(batches).toMatchObject([{ count: 0, positions: { ...at(7), ...at(9, '/b') } }]);
  });

  test('without positions is nothing', async () => {
    const { batcher, batches, ended } = batching();
    await batcher.add(nothing({}));
    batcher.end();
    await ended;
    expect(batches).toEqual([]);
  });
});

test('a chunk that is packed is a batch as it is, at once, also on a busy line, behind what came before it', async () => {
  const { batcher, batches, line } = batching();
  line.isBusy = true;
  const packed = { algorithm: 'gzip', rawLength: 16, crc: 7 } as const;
  const body = { bytes: Buffer.from('bits'), count: 2 };
  await batcher.add(chunkOf([LINE]));
  await turn();
  expect(batches).toEqual([]);
  for (let chunk = 0; chunk < 2; chunk += 1) await batcher.add({ lines: body, positions: {}, packed });
  await batcher.add(chunkOf([LINE]));
  await turn();
  expect(batches.map(({ count, packed: how }) => [count, how])).toEqual([
    [1, undefined],
    [2, packed],
    [2, packed],
  ]);
  expect(batches[1]?.raw).toBe(body.bytes);
});

describe('a chunk', () => {
  test('that is urgent makes the batch it is in due, or the one that is being gathered', async () => {
    const { batcher, counts } = batching();
    await batcher.add(chunkOf([LINE]));
    await batcher.add({ ...chunkOf([]), isUrgent: true });
    await turn();
    expect(counts()).toEqual([1]);
    await batcher.add({ ...chunkOf([LINE]), isUrgent: true });
    await turn();
    expect(counts()).toEqual([1, 1]);
    await batcher.add({ ...chunkOf([]), isUrgent: true });
    await turn();
    expect(counts()).toEqual([1, 1]);
  });

  test('of what was lost is a batch of its own, in its place', async () => {
    const { batcher, batches } = batching({ size: 100 });
    const lost = { entries: 7, reason: 'no room' };
    await batcher.add(chunkOf([LINE]));
    await batcher.add({ ...chunkOf([]), lost });
    await batcher.add(chunkOf([LINE, LINE]));
    batcher.end();
    await turn();
    expect(batches.map((batch) => [batch.count, batch.lost])).toEqual([
      [1, undefined],
      [0, lost],
      [2, undefined],
    ]);
  });

  test('is told when its batch has settled, whatever else is in that', async () => {
    const { batcher, batches } = batching({ size: 100 });
    const settled: number[] = [];
    const position = { offset: 1, head: '', headBytes: 0 };
    for (const n of [1, 2, 3])
      await batcher.add({
        ...chunkOf(n === 3 ? [] : [LINE], { file: position }),
        onSettled: () => settled.push(n),
      });
    batcher.end();
    await turn();
    expect(settled).toEqual([]);
    batches.forEach(({ onSettled }) => onSettled?.());
    expect(settled).toEqual([1, 2, 3]);
  });
});
