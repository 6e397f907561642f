import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ResumePoint } from '../../src/archive/commit_log.ts';
import type { Bucket } from '../../src/jetstream/bucket.ts';
import { connectNats, type Nats } from '../../src/jetstream/connection.ts';
import { placeKey, subjectOf } from '../../src/jetstream/names.ts';
import { PlaceStore } from '../../src/jetstream/place_store.ts';
import { ShipperMessages } from '../../src/jetstream/shipper_messages.ts';
import { prepareStreams } from '../../src/jetstream/streams.ts';
import { makeBlock, makeBlocks } from '../helpers/blocks.ts';
import { codeOf } from '../helpers/errors.ts';
import { NatsServer } from '../helpers/nats_server.ts';
import { logOptions, openLog } from '../helpers/stream_logs.ts';
import { until } from '../helpers/until.ts';

const STREAM = 'Places';
let server: NatsServer;
let nats: Nats;
let bucket: Bucket;
let places: PlaceStore;
beforeAll(async () => {
  server = await NatsServer.start({ maxPayload: '512KB' });
  nats = await connectNats({ servers: [server.url], name: 'test' });
  bucket = await prepareStreams(nats, logOptions(server.url, STREAM).streams);
  places = new PlaceStore(nats, bucket);
});
afterAll(async () => {
  await nats[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

/** A place with the positions of so many sources; their names compress or not. */
function pointOf(sources: number, nameOf: (n: number) => string): ResumePoint {
  const positions = Object.fromEntries(
    Array.from({ length: sources }, (_, n) => [nameOf(n), { offset: n }]),
  ) as unknown as ResumePoint['positions'];
  return { epoch: 1, sequence: 7, crc: 3, positions };
}

describe('an entry', () => {
  test('is read as it was saved, also with very many sources', async () => {
    const point = pointOf(50_000, (n) => `/var/log/host-${n}/messages.log`);
    expect(await places.load('many')).toBeUndefined();
    const revision = await places.save('many', { at: 9, claim: 'x', point }, 0);
    expect(await places.load('many')).toEqual({ state: { at: 9, claim: 'x', point }, revision });
  });

  test('that is longer than a message is refused, and says what to do', async () => {
    const point = pointOf(20_000, () => randomBytes(40).toString('base64'));
    const saving = places.save('long', { at: 9, point }, 0);
    await expect(saving).rejects.toMatchObject({ code: 'too_many_sources' });
    await expect(saving).rejects.toThrow(/divide its sources among several shippers/);
  });

  test('has room for what was let in: a block that would take it past a message is refused', async () => {
    await using log = await openLog(server.url, STREAM);
    await log.resumePoint('crowd');
    const append = async (sequence: number): Promise<unknown> => {
      const { positions } = pointOf(500, () => randomBytes(40).toString('base64'));
      return log.append(await makeBlock({ shipperId: 'crowd', sequence, positions }));
    };
    let last = 0;
    await expect(
      (async () => {
        for (let sequence = 1; sequence < 50; sequence += 1) {
          await append(sequence);
          last = sequence;
        }
      })(),
    ).rejects.toMatchObject({ code: 'too_many_sources' });
    const names = { stream: STREAM, partitions: 2 };
    const { state } = await new ShipperMessages('crowd', names, nats, places).read();
    expect(state.point?.sequence).toBe(last);
    await places.pack('crowd', JSON.stringify(state));
  });

  test('that is damaged is not taken for none', async () => {
    for (const [n, value] of [Buffer.from('what'), Buffer.alloc(0)].entries()) {
      await bucket.replace(placeKey(`damaged-${n}`), value, 0);
      expect(await codeOf(() => places.load(`damaged-${n}`))).toBe('damaged');
    }
  });

  test('is saved while a shipper ships, not only at the end', async () => {
    await using log = await openLog(server.url, STREAM);
    await log.resumePoint('busy');
    for (const block of await makeBlocks(1, 40, { shipperId: 'busy' })) await log.append(block);
    await until(
      'the entry is near',
      async () => ((await places.load('busy'))?.state.point?.sequence ?? 0) >= 16,
    );
  });
});

test('a shipper that only comes again is saved too', async () => {
  await using log = await openLog(server.url, STREAM);
  for (let times = 0; times < 20; times += 1) await log.resumePoint('comes');
  await until('it is saved', async () => (await places.load('comes')) !== undefined);
});

describe('a key', () => {
  test('changes from one revision to the next for one writer only', async () => {
    const first = await bucket.replace('key.a', Buffer.from('0'), 0);
    const writers = Array.from({ length: 8 }, (_, n) =>
      bucket.replace('key.a', Buffer.from(`${n}`), first ?? 0),
    );
    const won = (await Promise.all(writers)).filter((revision) => revision !== undefined);
    expect(won).toHaveLength(1);
    expect((await bucket.get('key.a'))?.revision).toBe(won[0]);
    expect(await bucket.replace('key.a', Buffer.from('late'), 0)).toBeUndefined();
  });

  test('written by a try that was not heard of counts as written', async () => {
    const value = Buffer.from('mine');
    const revision = await bucket.replace('key.b', value, 0);
    expect(await bucket.replace('key.b', value, 0)).toBe(revision);
  });

  test('is listed under its prefix, and forgotten', async () => {
    for (const key of ['list.a.1', 'list.a.2', 'list.b.1']) await bucket.replace(key, Buffer.from('x'), 0);
    expect((await bucket.keys('list.a.')).toSorted()).toEqual(['list.a.1', 'list.a.2']);
    await bucket.remove('list.a.1');
    expect(await bucket.keys('list.a.')).toEqual(['list.a.2']);
    expect(await bucket.get('list.a.1')).toBeUndefined();
    expect(await bucket.replace('list.a.1', Buffer.from('again'), 0)).toBeDefined();
  });
});

describe('where a shipper stands', () => {
  const messagesOf = (shipperId: string) =>
    new ShipperMessages(shipperId, { stream: STREAM, partitions: 2 }, nats, places);

  test('does not change by what others put on its subject', async () => {
    const found: string[] = [];
    const { subject } = messagesOf('junk');
    for (const junk of [Buffer.from('junk'), Buffer.alloc(0)]) await nats.client.publish(subject, junk);
    await using log = await openLog(server.url, STREAM, {
      report: { found: (finding) => found.push(finding) },
    });
    expect(await log.resumePoint('junk')).toBeUndefined();
    for (const block of await makeBlocks(1, 2, { shipperId: 'junk' }))
      expect(await log.append(block)).toBe('stored');
    expect((await log.resumePoint('junk'))?.sequence).toBe(2);
    expect(found[0]).toMatch(/message \d+ of Places-\d is no block of junk: it is no block/);
  });

  test('is told with a finding where messages are gone, and goes on behind them', async () => {
    const found: string[] = [];
    await using log = await openLog(server.url, STREAM);
    await log.resumePoint('gone');
    for (const block of await makeBlocks(1, 6, { shipperId: 'gone' })) await log.append(block);
    const { stream, subject } = messagesOf('gone');
    const first = { seq: 1, next_by_subj: subject };
    const claim = await nats.manager.streams.getMessage(stream, first);
    await nats.manager.streams.deleteMessage(stream, (claim?.seq ?? 0) + 3);
    const { state } = await messagesOf('gone').read({ found: (finding) => found.push(finding) });
    expect(state.point?.sequence).toBe(6);
    expect(found).toEqual([
      expect.stringMatching(/^messages of gone between \d+ and \d+ are gone from Places-\d$/),
    ]);
  });

  test('is not guessed where the bucket knows more than the stream', async () => {
    await places.save('ahead', { at: 1_000_000, point: pointOf(1, () => 'f') }, 0);
    await nats.client.publish(
      subjectOf(STREAM, Number(messagesOf('ahead').stream.at(-1)), 'ahead'),
      Buffer.from('x'),
    );
    await using log = await openLog(server.url, STREAM);
    expect(await codeOf(() => log.resumePoint('ahead'))).toBe('ahead');
  });
});
