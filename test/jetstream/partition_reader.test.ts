import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectNats, type Nats } from '../../src/jetstream/connection.ts';
import { PartitionReader, type Stretch } from '../../src/jetstream/partition_reader.ts';
import { NatsServer } from '../helpers/nats_server.ts';

let server: NatsServer;
let nats: Nats;
beforeAll(async () => {
  server = await NatsServer.start();
  nats = await connectNats({ servers: [server.url], name: 'test' });
});
afterAll(async () => {
  await nats[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

async function makeStream(stream: string): Promise<void> {
  await nats.manager.streams.add({ name: stream, subjects: [stream] });
}

async function publish(stream: string, count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) await nats.client.publish(stream, Buffer.alloc(50_000, n));
}

/** Reads up to a stream sequence. */
async function readTo(reader: PartitionReader, last: number): Promise<Stretch[]> {
  const stretches: Stretch[] = [];
  while ((stretches.at(-1)?.to ?? 0) < last) stretches.push(await reader.next());
  return stretches;
}

const sequencesOf = (stretches: readonly Stretch[]): number[] =>
  stretches.flatMap(({ messages }) => messages.map(({ sequence }) => sequence));

test('every message comes once and in order while more are published', async () => {
  await makeStream('BUSY');
  await using reader = new PartitionReader({ nats, stream: 'BUSY', from: 1 });
  const [stretches] = await Promise.all([
    readTo(reader, 1200),
    ...[300, 300, 300, 300].map((count) => publish('BUSY', count)),
  ]);
  expect(sequencesOf(stretches)).toEqual(Array.from({ length: 1200 }, (_, n) => n + 1));
  expect(stretches.filter(({ missing }) => missing > 0)).toEqual([]);
});

test('what was deleted is told, in the middle and before the first', async () => {
  await makeStream('GONE');
  await publish('GONE', 9);
  await nats.manager.streams.purge('GONE', { seq: 3 });
  await nats.manager.streams.deleteMessage('GONE', 5);
  await using reader = new PartitionReader({ nats, stream: 'GONE', from: 1 });
  const stretches = await readTo(reader, 9);
  expect(sequencesOf(stretches)).toEqual([3, 4, 6, 7, 8, 9]);
  expect(stretches.reduce((sum, { missing }) => sum + missing, 0)).toBe(3);
});

test('a message longer than what is asked for at once comes all the same, in its turn', async () => {
  await makeStream('LONG');
  for (const bytes of [10, 5_000_000, 10, 6_000_000]) await nats.client.publish('LONG', Buffer.alloc(bytes));
  await using reader = new PartitionReader({ nats, stream: 'LONG', from: 1 });
  const stretches = await readTo(reader, 4);
  expect(sequencesOf(stretches)).toEqual([1, 2, 3, 4]);
  expect(stretches.filter(({ missing }) => missing > 0)).toEqual([]);
});

test('a stream that ends before the place of its reader is not waited for', async () => {
  await makeStream('ANEW');
  await publish('ANEW', 3);
  await using ahead = new PartitionReader({ nats, stream: 'ANEW', from: 6 });
  await expect(ahead.next()).rejects.toThrow(
    'ANEW ends with message 3, and workers were given those up to 5',
  );
});
