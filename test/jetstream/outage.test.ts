/** What a log does while NATS does not take what it is given. */
import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { connectNats } from '../../src/jetstream/connection.ts';
import { partitionOf } from '../../src/jetstream/names.ts';
import { makeBlock, makeBlocks } from '../helpers/blocks.ts';
import { codeOf } from '../helpers/errors.ts';
import { NatsServer } from '../helpers/nats_server.ts';
import { openLog } from '../helpers/stream_logs.ts';
import { until } from '../helpers/until.ts';

/** A shipper of one of two partitions. */
const shipperIn = (partition: number): string =>
  ['a', 'b', 'c', 'd', 'e', 'f'].find((id) => partitionOf(id, 2) === partition) ?? '';

describe.concurrent('an outage', () => {
  test('of one partition is its own, and ends also where nobody asks any more', async () => {
    await using server = await NatsServer.start();
    await using log = await openLog(server.url, 'One');
    await using nats = await connectNats({ servers: [server.url], name: 'limits' });
    const [full, other] = [shipperIn(0), shipperIn(1)];
    await log.resumePoint(full);
    const { config } = await nats.manager.streams.info('One-0');
    await nats.manager.streams.update('One-0', { ...config, max_bytes: 1 });
    const opening = codeOf(() => log.resumePoint(full));
    await until('it is told', () => log.troubleOf(full) !== undefined);
    expect(log.trouble?.message).toMatch(/^One-0 takes nothing: it is full/);
    expect([log.standstill, log.troubleOf(other)]).toEqual([undefined, undefined]);
    await log.resumePoint(other);
    expect(await opening).toBe('unavailable');
    await nats.manager.streams.update('One-0', config);
    await until('it is over', () => log.trouble === undefined);
  });

  test('of all partitions is known, also of those in which nobody writes', async () => {
    await using server = await NatsServer.start();
    await using log = await openLog(server.url, 'All');
    await using nats = await connectNats({ servers: [server.url], name: 'deletes' });
    await log.resumePoint('a');
    for (const stream of ['All-0', 'All-1']) await nats.manager.streams.delete(stream);
    const appended = codeOf(async () => log.append(await makeBlock()));
    await until('it is told', () => log.standstill !== undefined);
    await log[Symbol.asyncDispose]();
    expect(await appended).toBe('unavailable');
  });

  test('does not keep a log from its end where NATS stands still', async () => {
    await using server = await NatsServer.start();
    const log = await openLog(server.url, 'Still');
    await log.resumePoint('a');
    server.signal('SIGSTOP');
    const appended = (await makeBlocks(1, 20)).map((block) => codeOf(() => log.append(block)));
    const begunAt = performance.now();
    await log[Symbol.asyncDispose]();
    expect(performance.now() - begunAt).toBeLessThan(8000);
    expect(new Set(await Promise.all(appended))).toEqual(new Set(['unavailable']));
  });

  test('does not follow from a block that is longer than a server takes by now', async () => {
    const wishes = { maxPayload: '8MB' };
    await using server = await NatsServer.start(wishes);
    await using log = await openLog(server.url, 'Shrunk');
    await log.resumePoint('a');
    const { maxBatchBytes } = log;
    await server.stop();
    await until('it is gone', () => log.trouble !== undefined);
    const text = `${JSON.stringify({ text: randomBytes(1_500_000).toString('base64') })}\n`;
    const appended = codeOf(async () => log.append(await makeBlock({ text, level: 1 })));
    wishes.maxPayload = '1MB';
    await server.again();
    expect(await appended).toBe('too_large');
    expect(log.maxBatchBytes).toBeLessThan(maxBatchBytes);
    expect(await log.append(await makeBlock())).toBe('stored');
    await until('it is over', () => log.trouble === undefined);
  });
});
