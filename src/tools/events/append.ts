/** `events append`: one event from the command line, or many as lines of JSON. */
import { randomUUID } from 'node:crypto';
import type { Readable, Writable } from 'node:stream';
import type { NewEvent } from '../../events/event.ts';
import type { AppendOptions } from '../../events/event_store.ts';
import { parseTime } from '../../base/time.ts';
import { eventBatches } from './event_batches.ts';
import type { Events } from './events.ts';

export interface AppendFlags {
  readonly id?: string;
  readonly type?: string;
  readonly time?: string;
  readonly stream?: string;
  /** How many events the stream is to hold now. */
  readonly expect?: string;
}

/** Appends what is said, or what the lines of `input` say, and prints where it is. Rejects at the first line that is wrong: those before it are stored. */
export async function append(
  events: Events,
  payload: string | undefined,
  flags: AppendFlags,
  input: Readable,
  output: Writable,
): Promise<void> {
  const { stream, type } = flags;
  let expectedVersion = expectedOf(flags);
  if (type !== undefined) {
    const together = [eventOf(payload ?? '', type, flags)];
    return appendTogether(events, together, { stream, expectedVersion }, output);
  }
  if (payload !== undefined) throw new Error('a payload needs --type: what kind of event is it?');
  for await (const batch of eventBatches(input, stream)) {
    await appendTogether(events, batch.events, { stream: batch.stream, expectedVersion }, output);
    if (expectedVersion !== undefined) expectedVersion += new Set(batch.events.map(({ id }) => id)).size;
  }
}

const eventOf = (payload: string, type: string, { id = randomUUID(), time }: AppendFlags): NewEvent => ({
  id,
  type,
  timestamp: BigInt(time === undefined ? Date.now() : parseTime(time, Date.now())),
  payload: Buffer.from(payload),
});

async function appendTogether(
  events: Events,
  together: readonly NewEvent[],
  place: AppendOptions,
  output: Writable,
): Promise<void> {
  const appended = await events.appendAll(together, place);
  for (const [index, { position }] of appended.entries())
    output.write(`{"position":${position},"id":${JSON.stringify(together[index]?.id)}}\n`);
}

function expectedOf({ stream, expect }: AppendFlags): number | undefined {
  if (expect === undefined) return undefined;
  if (!/^\d{1,15}$/.test(expect))
    throw new Error(`--expect is ${expect}: expected how many events the stream holds`);
  if (stream === undefined) throw new Error('--expect needs --stream: which one holds so many events?');
  return Number(expect);
}
