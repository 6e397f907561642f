import { describe, expect, test } from 'vitest';
import { lend } from '../../../src/base/large_buffers.ts';
import { encodeBatch, type Encoded } from '../../../src/shipper/encode.ts';
import { Outbox } from '../../../src/shipper/outbox.ts';
import type { Rejects } from '../../../src/shipper/rejects.ts';
import { Settlement } from '../../../src/shipper/settlement.ts';
import { MemorySpool } from '../../../src/shipper/spool/memory_spool.ts';
import { decodeGap } from '../../../src/wire/messages.ts';
import { HEADER_BYTES } from '../../../src/wire/frame.ts';
import { collectLogs, silentLog } from '../../helpers/logs.ts';
import { range } from '../../helpers/spools.ts';

const RAW = Buffer.from('{"text":"some twenty bytes"}\n'.repeat(4));
const NO_COMPRESSION = { algorithm: 'none', level: 1, bypassBelow: 0 } as const;

const batch = (sequence: number): Promise<Encoded> =>
  encodeBatch({ sequence, count: 4, raw: RAW, positions: {} }, 'acked', NO_COMPRESSION);

/** Room for so many batches. */
async function spoolOf(
  batches: number,
  full: 'drop_oldest' | 'drop_newest',
  log = silentLog,
): Promise<MemorySpool> {
  const { head, body } = await batch(1);
  const maxBytes = (head.length + body.length) * batches;
  const spool = new MemorySpool({ maxBytes, full, log, now: () => 1000 });
  spool.begin();
  return spool;
}

async function appendAll(spool: MemorySpool, from: number, to: number): Promise<void> {
  for (const sequence of range(from, to)) await spool.append(await batch(sequence));
}

/** A batch as `5`, a GAP as `2-4: 12`. */
function shown({ sequence, gapFrom, head }: Encoded): string {
  return gapFrom === undefined
    ? String(sequence)
    : `${gapFrom}-${sequence}: ${decodeGap(head.subarray(HEADER_BYTES)).entries}`;
}

async function take(spool: MemorySpool, epoch: number, most = Infinity): Promise<string[]> {
  const taken: string[] = [];
  if (most > 0)
    for await (const one of spool.read(epoch)) {
      taken.push(shown(one));
      if (taken.length >= most) break;
    }
  return taken;
}

describe('a spool in memory that is full', () => {
  test('drops the oldest that are not on their way, as one GAP', async () => {
    const spool = await spoolOf(4, 'drop_oldest');
    await appendAll(spool, 1, 2);
    expect(await take(spool, spool.epoch, 1)).toEqual(['1']);
    await appendAll(spool, 3, 9);
    await spool.end();
    expect(await take(spool, spool.epoch)).toEqual(['2-7: 24', '8', '9']);
    expect(spool.droppedEntries).toBe(24);
  });

  test('drops the newest, as one GAP, and takes what fits again', async () => {
    const { log, at } = collectLogs();
    const spool = await spoolOf(3, 'drop_newest', log);
    await appendAll(spool, 1, 6);
    expect(await take(spool, spool.epoch, 2)).toEqual(['1', '2']);
    spool.acknowledged(spool.epoch, 2);
    await appendAll(spool, 7, 7);
    await spool.end();
    expect(await take(spool, spool.epoch)).toEqual(['3', '4-6: 12', '7']);
    expect(spool.droppedEntries).toBe(12);
    expect(at('error')).toHaveLength(1);
  });

  test('drops the new batch where all others are on their way', async () => {
    const spool = await spoolOf(2, 'drop_oldest');
    await appendAll(spool, 1, 2);
    expect(await take(spool, spool.epoch, 2)).toEqual(['1', '2']);
    await appendAll(spool, 3, 4);
    await spool.end();
    expect(await take(spool, spool.epoch)).toEqual(['3-4: 8']);
  });
});

test('what is acknowledged is let go of, and nothing else', async () => {
  const spool = await spoolOf(10, 'drop_oldest');
  await appendAll(spool, 1, 5);
  await take(spool, spool.epoch, 3);
  spool.acknowledged(spool.epoch, 5);
  expect(spool.bytes).toBe(spool.bytes > 0 ? ((await batch(1)).head.length + RAW.length) * 2 : 0);
  spool.acknowledged(7, 5);
  await spool.end();
  expect(await take(spool, spool.epoch)).toEqual(['4', '5']);
});

test('the bound holds for large batches, however many have gone through', async () => {
  const { log, at } = collectLogs();
  const maxBytes = 48 * 1024 * 1024;
  const spool = new MemorySpool({ maxBytes, full: 'drop_oldest', log, now: () => 1000 });
  spool.begin();
  const delivered = new Outbox();
  const rejects = { settle: () => Promise.resolve() } as unknown as Rejects;
  const onSettled = (sequence: number): void => spool.acknowledged(spool.epoch, sequence);
  const settlement = new Settlement({ outbox: delivered, rejects, onSettled, onFailed: () => undefined });
  for (const sequence of range(1, 60)) {
    const raw = lend(1024 * 1024);
    await spool.append(
      await encodeBatch({ sequence, count: 1, raw, positions: {}, isOwned: true }, 'acked', NO_COMPRESSION),
    );
    if (sequence % 30 > 0) continue;
    let left = 30;
    for await (const one of spool.read(spool.epoch)) {
      delivered.add(one);
      if ((left -= 1) === 0) break;
    }
    settlement.upTo(sequence, spool.epoch);
    await settlement.kept();
  }
  expect(spool.bytes).toBe(0);
  expect(at('error')).toEqual([]);
});

test('the memory of a batch stays its own until it is acknowledged: it may be given out again', async () => {
  const spool = await spoolOf(10, 'drop_oldest');
  await spool.append({ ...(await batch(1)), isOwned: true });
  for await (const one of spool.read(spool.epoch)) {
    expect(one.isOwned).toBe(false);
    break;
  }
});

test('the next shipper gets what the one before left first, in its own numbers', async () => {
  const spool = await spoolOf(10, 'drop_oldest');
  await appendAll(spool, 1, 3);
  const first = spool.epoch;
  expect(await take(spool, first, 2)).toEqual(['1', '2']);
  spool.acknowledged(first, 1);
  await spool.close();
  spool.begin();
  expect(spool.leftEntries).toBe(8);
  expect(spool.epochs()).toEqual([first, spool.epoch]);
  expect(spool.epoch).toBeGreaterThan(first);
  await appendAll(spool, 1, 1);
  await spool.end();
  expect(await take(spool, first)).toEqual(['2', '3']);
  expect(await take(spool, spool.epoch)).toEqual(['1']);
  spool.acknowledged(first, 3);
  await spool.delivered();
  spool.acknowledged(spool.epoch, 1);
  expect(spool.bytes).toBe(0);
});
