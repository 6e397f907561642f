/** Lines to events that are appended together. */
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { NewEvent } from '../../events/event.ts';
import { inputLines } from '../../shipper/thrift/input_lines.ts';
import { eventOfLine, type LineEvent } from './event_line.ts';

export interface EventBatch {
  /** What they are all appended to, where it is to be one. */
  readonly stream: string | undefined;
  readonly events: readonly NewEvent[];
}

const BATCH_EVENTS = 1000;
const BATCH_BYTES = 4 * 1024 * 1024;

/** What was read waits for more no longer than this. */
const PAUSE_MS = 50;

/** More than the largest event takes. */
const MAX_LINE_BYTES = 128 * 1024 * 1024;

/**
 * The events of lines, in their order. Those of one batch go to one stream: to `stream`, or without it to the one that
 * their lines name. Rejects at the first line that is wrong, when those before it were taken.
 */
export async function* eventBatches(
  input: Readable,
  stream: string | undefined,
): AsyncGenerator<EventBatch, void, undefined> {
  const stop = new AbortController();
  let batch: BatchSoFar = { stream, events: [], bytes: 0 };
  try {
    for await (const event of eventsIn(input, stop.signal)) {
      const place = stream ?? event?.stream;
      if (event === undefined || isFull(batch) || place !== batch.stream) {
        if (batch.events.length > 0) yield batch;
        batch = { stream: place, events: [], bytes: 0 };
      }
      if (event === undefined) continue;
      batch.events.push(event);
      batch.bytes += event.payload.byteLength;
    }
  } catch (error) {
    if (batch.events.length > 0) yield batch;
    throw error;
  } finally {
    stop.abort();
  }
  if (batch.events.length > 0) yield batch;
}

interface BatchSoFar extends EventBatch {
  readonly events: NewEvent[];
  bytes: number;
}

const isFull = ({ events, bytes }: BatchSoFar): boolean =>
  events.length === BATCH_EVENTS || bytes >= BATCH_BYTES;

/** Undefined where the input pauses. */
async function* eventsIn(input: Readable, signal: AbortSignal): AsyncGenerator<LineEvent | undefined> {
  for await (const read of withPauses(inputLines(['-'], input, MAX_LINE_BYTES, signal))) {
    if (read === undefined) yield undefined;
    else
      for (const [index, line] of read.lines.entries())
        if (line?.trim() !== '') yield eventIn(line, read.first + index);
  }
}

function eventIn(line: string | undefined, number: number): LineEvent {
  try {
    if (line === undefined) throw new Error('it is too long, or not UTF-8');
    return eventOfLine(line, Date.now());
  } catch (error) {
    throw new Error(`line ${number}: ${(error as Error).message}`, { cause: error });
  }
}

/** What comes, and undefined where nothing comes for a while. */
async function* withPauses<T>(source: AsyncIterator<T>): AsyncGenerator<T | undefined, void, undefined> {
  for (;;) {
    const next = source.next();
    const isPause = await Promise.race([next.then(() => false), delay(PAUSE_MS, true, { ref: false })]);
    if (isPause) yield undefined;
    const result = await next;
    if (result.done === true) return;
    yield result.value;
  }
}
