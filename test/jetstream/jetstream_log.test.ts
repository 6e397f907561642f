import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { JetStreamLog } from '../../src/jetstream/jetstream_log.ts';
import { EPOCH, makeBlock, makeBlocks } from '../helpers/blocks.ts';
import { codeOf } from '../helpers/errors.ts';
import { NatsServer } from '../helpers/nats_server.ts';
import { blocksIn, maxBytesOf, openLog, sequencesOf, trimAll, upTo } from '../helpers/stream_logs.ts';
import { until } from '../helpers/until.ts';

let server: NatsServer;
beforeAll(async () => {
  server = await NatsServer.start();
});
afterAll(() => server[Symbol.asyncDispose]());

async function appendAll(log: JetStreamLog, from: number, to: number): Promise<string[]> {
  const outcomes: string[] = [];
  for (const block of await makeBlocks(from, to)) outcomes.push(await log.append(block));
  return outcomes;
}

describe('one receiver after the other', () => {
  test('goes on where the one before was', async () => {
    const log = await openLog(server.url, 'After');
    expect(await log.resumePoint('a')).toBeUndefined();
    expect(await appendAll(log, 1, 40)).toEqual(Array.from({ length: 40 }, () => 'stored'));
    await log[Symbol.asyncDispose]();
    await using next = await openLog(server.url, 'After');
    expect((await next.resumePoint('a'))?.sequence).toBe(40);
    expect(await appendAll(next, 39, 41)).toEqual(['repeated', 'repeated', 'stored']);
    expect(await sequencesOf(server.url, 'After', 'a')).toEqual(upTo(41));
  });

  test('knows a repeat after the window, and when the stream was trimmed', async () => {
    const streams = { duplicateWindowMs: 100 };
    const log = await openLog(server.url, 'Trimmed', { streams });
    await log.resumePoint('a');
    await appendAll(log, 1, 5);
    await log[Symbol.asyncDispose]();
    await trimAll(server.url, 'Trimmed');
    await delay(300);
    await using next = await openLog(server.url, 'Trimmed', { streams });
    expect((await next.resumePoint('a'))?.sequence).toBe(5);
    expect(await appendAll(next, 4, 6)).toEqual(['repeated', 'repeated', 'stored']);
    expect(await sequencesOf(server.url, 'Trimmed', 'a')).toEqual([6]);
  });

  test('goes on when all of its own was trimmed meanwhile', async () => {
    await using log = await openLog(server.url, 'Meanwhile');
    await log.resumePoint('a');
    await appendAll(log, 1, 3);
    await trimAll(server.url, 'Meanwhile');
    expect(await appendAll(log, 3, 4)).toEqual(['repeated', 'stored']);
    expect(await sequencesOf(server.url, 'Meanwhile', 'a')).toEqual([4]);
  });

  test('keeps positions, those that are gone, rejected batches and earlier epochs', async () => {
    const log = await openLog(server.url, 'Point');
    const at = (offset: number) => ({ offset }) as never;
    await log.resumePoint('a');
    await log.append(
      await makeBlock({ sequence: 1, positions: { f: at(1), __proto__: null, g: at(2) } as never }),
    );
    await log.append(
      await makeBlock({ sequence: 2, positions: { f: { offset: 1, isGone: true } as never } }),
    );
    const gap = { from: 3, entries: 2, reason: 'rejected: not_json', rejected: 'not_json' };
    await log.append(await makeBlock({ sequence: 3, text: '', gap }));
    await log.append(await makeBlock({ epoch: EPOCH + 1, sequence: 7 }));
    const before = await log.resumePoint('a');
    await log[Symbol.asyncDispose]();
    await using next = await openLog(server.url, 'Point');
    const point = await next.resumePoint('a');
    expect(point).toEqual(before);
    expect(point).toMatchObject({ epoch: EPOCH + 1, sequence: 7, positions: { g: { offset: 2 } } });
    expect(point?.positions).not.toHaveProperty('f');
    expect(point?.earlier).toMatchObject([{ epoch: EPOCH, sequence: 3 }]);
  });

  test('takes any name for a shipper', async () => {
    await using log = await openLog(server.url, 'Names');
    const names = [
      'a.b',
      'a b',
      '*',
      '>',
      '$JS.API',
      '__proto__',
      'ä€🚚',
      'a\nb',
      '=',
      '=3D',
      'x'.repeat(255),
    ];
    for (const shipperId of names) {
      await log.resumePoint(shipperId);
      await log.append(await makeBlock({ shipperId }));
    }
    expect(new Set((await blocksIn(server.url, 'Names')).map(({ shipperId }) => shipperId))).toEqual(
      new Set(names),
    );
  });
});

describe('what does not fit is refused', () => {
  test('another batch under the same number, a number that is skipped', async () => {
    await using log = await openLog(server.url, 'Refused');
    await log.resumePoint('a');
    await appendAll(log, 1, 2);
    const other = await makeBlock({ sequence: 2, text: '{"other":1}\n' });
    expect(await codeOf(() => log.append(other))).toBe('conflict');
    expect(await codeOf(async () => log.append(await makeBlock({ sequence: 4 })))).toBe('sequence_gap');
    expect(await appendAll(log, 3, 3)).toEqual(['stored']);
  });

  test('what waits behind a batch that could not be taken: the first of a line must not be left out', async () => {
    await using log = await openLog(server.url, 'Behind');
    await log.resumePoint('a');
    const text = `{"random":"${randomBytes(8.5 * 1024 * 1024).toString('hex')}"}\n`;
    const blocks = [await makeBlock({ text, level: 1 }), ...(await makeBlocks(2, 3))];
    const codes = await Promise.all(blocks.map((block) => codeOf(() => log.append(block))));
    expect(codes).toEqual(['too_large', 'too_large', 'too_large']);
    expect(await sequencesOf(server.url, 'Behind', 'a')).toEqual([]);
    expect(await appendAll(log, 1, 3)).toEqual(['stored', 'stored', 'stored']);
  });

  test('other streams of another number of partitions, both numbers told', async () => {
    const log = await openLog(server.url, 'Partitions');
    await log[Symbol.asyncDispose]();
    const other = openLog(server.url, 'Partitions', { streams: { partitions: 3 } });
    await expect(other).rejects.toThrow(/Partitions has 2 partitions, NATS_PARTITIONS is 3/);
  });

  test('settings that NATS does not take, and limits are changed where they may be', async () => {
    const log = await openLog(server.url, 'Limits');
    await log[Symbol.asyncDispose]();
    const changed = await openLog(server.url, 'Limits', { streams: { maxBytes: 64 * 1024 * 1024 } });
    await changed[Symbol.asyncDispose]();
    expect(await maxBytesOf(server.url, 'Limits')).toBe(32 * 1024 * 1024);
    const other = openLog(server.url, 'Replicas', { streams: { replicas: 3 } });
    await expect(other).rejects.toThrow(/^NATS does not take the stream \S+: .*replicas/);
  });

  test('what was appended after the end', async () => {
    const told: unknown[] = [];
    const log = await openLog(server.url, 'End', { report: { troubled: (error) => told.push(error) } });
    await log[Symbol.asyncDispose]();
    await log[Symbol.asyncDispose]();
    expect([log.trouble, ...told]).toEqual([undefined]);
    expect(await codeOf(async () => log.append(await makeBlock()))).toBe('closed');
  });
});

describe('two receivers', () => {
  test('the one that has lost the shipper appends no more, and what it had on its way is known to the other', async () => {
    await using first = await openLog(server.url, 'Two');
    await using second = await openLog(server.url, 'Two');
    await first.resumePoint('a');
    await appendAll(first, 1, 3);
    const late = (await makeBlocks(4, 6)).map((block) =>
      first.append(block).catch((error: unknown) => error),
    );
    const point = await second.resumePoint('a');
    await Promise.all(late);
    const sequence = point?.sequence ?? 0;
    expect(await sequencesOf(server.url, 'Two', 'a')).toEqual(upTo(sequence));
    expect(await appendAll(second, sequence + 1, 7)).toHaveLength(7 - sequence);
    expect(await codeOf(async () => first.append(await makeBlock({ sequence: 8 })))).toBe('taken_over');
    expect(await sequencesOf(server.url, 'Two', 'a')).toEqual(upTo(7));
  });

  test('bind a shipper id once for both', async () => {
    await using first = await openLog(server.url, 'Bound');
    await using second = await openLog(server.url, 'Bound');
    const claims = await Promise.all([first.bindings.claim('a', 'x'), second.bindings.claim('a', 'y')]);
    expect(claims.toSorted()).toEqual([false, true]);
    const owner = claims[0] ? 'x' : 'y';
    expect(await first.bindings.claim('a', owner)).toBe(true);
    expect(await second.bindings.claim('a', owner)).toBe(true);
  });

  test('of parts of receivers number their own', async () => {
    await using first = await openLog(server.url, 'Local');
    await using second = await openLog(server.url, 'Local');
    for (const log of [first, second]) {
      const shipperId = `@plain${log.localSuffix}`;
      expect(await log.resumePoint(shipperId)).toBeUndefined();
      for (const sequence of [1, 2])
        expect(await log.append(await makeBlock({ shipperId, sequence }))).toBe('stored');
    }
    expect(await blocksIn(server.url, 'Local')).toHaveLength(4);
  });

  test('of parts of receivers start where NATS does not answer', async () => {
    await using own = await NatsServer.start();
    await using log = await openLog(own.url, 'Silent');
    const shipperId = `@plain${log.localSuffix}`;
    own.signal('SIGSTOP');
    expect(await log.resumePoint(shipperId)).toBeUndefined();
    own.signal('SIGCONT');
    expect(await log.append(await makeBlock({ shipperId, sequence: 1 }))).toBe('stored');
    expect((await log.resumePoint(shipperId))?.sequence).toBe(1);
  });
});

test('a full stream acknowledges nothing, and goes on when there is room', async () => {
  const told: string[] = [];
  const report = {
    troubled: (error: Error) => told.push(error.message),
    recovered: () => told.push('recovered'),
  };
  const streams = { maxBytes: 2 * 64 * 1024 };
  await using log = await openLog(server.url, 'Full', { streams, report });
  await log.resumePoint('a');
  const text = `${JSON.stringify({ text: randomBytes(24_000).toString('base64') })}\n`;
  const blocks = await Promise.all(upTo(6).map((sequence) => makeBlock({ sequence, text, level: 1 })));
  const settled: number[] = [];
  const appended = blocks.map((block) => log.append(block).then(() => settled.push(block.sequence)));
  await until('the stream is full', () => log.trouble !== undefined);
  expect(told[0]).toContain('it is full');
  const before = settled.length;
  expect(before).toBeLessThan(6);
  await delay(300);
  expect(settled).toHaveLength(before);
  const trimming = setInterval(() => void trimAll(server.url, 'Full'), 200);
  await Promise.all(appended).finally(() => clearInterval(trimming));
  expect(settled).toEqual(upTo(6));
  expect(told.at(-1)).toBe('recovered');
  expect(log.trouble).toBeUndefined();
});
