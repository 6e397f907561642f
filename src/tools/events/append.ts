/** `events append`: one event from the command line, or many as lines of JSON. */
import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { NewEvent } from '../../events/event.ts';
import { parseTime } from '../../base/time.ts';
import { eventOfLine } from './event_line.ts';
import type { Events } from './events.ts';

export interface AppendFlags {
  readonly id?: string;
  readonly type?: string;
  readonly time?: string;
  readonly stream?: string;
  /** How many events the stream is to hold now. */
  readonly expect?: string;
}

/** Lines that are stored together. */
const LINES_AT_ONCE = 1000;

/** Appends what is said, or what the lines of `input` say, and prints where it is. Rejects at the first line that is wrong: those before it are stored. */
export async function append(
  events: Events,
  payload: string | undefined,
  flags: AppendFlags,
  input: Readable,
  output: Writable,
): Promise<void> {
  if (flags.type !== undefined)
    return appendTogether(events, [eventOf(payload ?? '', flags.type, flags)], flags, output);
  if (payload !== undefined) throw new Error('a payload needs --type: what kind of event is it?');
  let [number, waiting]: [number, NewEvent[]] = [0, []];
  const store = async (): Promise<void> => {
    if (waiting.length > 0) await appendTogether(events, waiting, flags, output);
    waiting = [];
  };
  for await (const line of createInterface({ input, crlfDelay: Infinity })) {
    number += 1;
    if (line.trim() === '') continue;
    try {
      waiting.push(eventOfLine(line, Date.now()));
    } catch (error) {
      await store();
      throw new Error(`line ${number}: ${(error as Error).message}`, { cause: error });
    }
    if (waiting.length === LINES_AT_ONCE) await store();
  }
  await store();
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
  { stream, expect }: AppendFlags,
  output: Writable,
): Promise<void> {
  const expectedVersion = expect === undefined ? undefined : versionOf(expect);
  const appended = await events.appendAll(together, { stream, expectedVersion });
  for (const [index, { position }] of appended.entries())
    output.write(`{"position":${position},"id":${JSON.stringify(together[index]?.id)}}\n`);
}

function versionOf(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new Error(`--expect is ${text}: expected how many events the stream holds`);
}
