/** A shipper was at one receiver, wrote through another, and workers have deleted all of it from the stream since. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { JetStreamLog } from '../../src/jetstream/jetstream_log.ts';
import { makeBlocks } from '../helpers/blocks.ts';
import { NatsServer } from '../helpers/nats_server.ts';
import { openLog, sequencesOf, trimByWorkers } from '../helpers/stream_logs.ts';

const WINDOW_MS = 100;

let server: NatsServer;
beforeAll(async () => {
  server = await NatsServer.start();
});
afterAll(() => server[Symbol.asyncDispose]());

const open = (stream: string): Promise<JetStreamLog> =>
  openLog(server.url, stream, { streams: { duplicateWindowMs: WINDOW_MS } });

async function appendAll(log: JetStreamLog, from: number, to: number): Promise<string[]> {
  const outcomes: string[] = [];
  for (const block of await makeBlocks(from, to)) outcomes.push(await log.append(block));
  return outcomes;
}

/** The shipper writes 1 to 5 through `log`, 6 to 10 through another receiver, which ends. Nothing of it is left in the stream. */
async function isAway(log: JetStreamLog, stream: string): Promise<void> {
  await log.resumePoint('a');
  await appendAll(log, 1, 5);
  const other = await open(stream);
  await other.resumePoint('a');
  await appendAll(other, 6, 10);
  await other[Symbol.asyncDispose]();
  await trimByWorkers(server.url, stream, WINDOW_MS);
}

test('what the first remembers of it is not believed', async () => {
  await using log = await open('Back');
  await isAway(log, 'Back');
  expect((await log.resumePoint('a'))?.sequence).toBe(10);
  expect(await appendAll(log, 10, 11)).toEqual(['repeated', 'stored']);
  expect(await sequencesOf(server.url, 'Back', 'a')).toEqual([11]);
});

test('what the first saves at its end does not set the entry back', async () => {
  const log = await open('End');
  await isAway(log, 'End');
  await log[Symbol.asyncDispose]();
  await using next = await open('End');
  expect((await next.resumePoint('a'))?.sequence).toBe(10);
});
