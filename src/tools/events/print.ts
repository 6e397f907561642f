/** `events read`, `tail` and `replay`: events as lines. `events state` and `verify`: what is made of them, and whether they are whole. */
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parseTime } from '../../base/time.ts';
import type { StoredEvent } from '../../events/event.ts';
import type { PointInTime } from '../../events/event_store.ts';
import { lineOf } from './event_line.ts';
import type { Events } from './events.ts';

export interface ReadFlags {
  readonly after?: string;
  readonly limit?: string;
  readonly type?: string;
}

type Pages = AsyncIterable<readonly StoredEvent[]>;

const DEFAULT_LIMIT = 100;
const PAGE_EVENTS = 10_000;

/** Prints the events after a position, all there are with a limit of 0. */
export const printEvents = (events: Events, flags: ReadFlags, output: Writable): Promise<void> =>
  print(pages(events, flags), output);

async function* pages(
  events: Events,
  { after, limit, type }: ReadFlags,
): Pages & AsyncGenerator<readonly StoredEvent[]> {
  let place = wholeNumber('--after', after) ?? 0;
  const wanted = wholeNumber('--limit', limit) ?? DEFAULT_LIMIT;
  for (let left = wanted === 0 ? Infinity : wanted; left > 0;) {
    const count = Math.min(left, PAGE_EVENTS);
    const page = await (type === undefined
      ? events.read(place, count)
      : events.readByType(type, place, count));
    if (page.length === 0) return;
    yield page;
    left -= page.length;
    place = page.at(-1)?.position ?? place;
  }
}

/** Prints events as they come, from those after a position, or from now on, until the signal aborts. */
export async function tailEvents(
  events: Events,
  after: string | undefined,
  signal: AbortSignal,
  output: Writable,
): Promise<void> {
  const place = wholeNumber('--after', after) ?? (await events.head());
  await print(events.subscribe(place, signal), output);
}

export interface ReplayFlags {
  readonly first?: string;
  readonly last?: string;
  readonly since?: string;
  readonly until?: string;
}

/** Prints the events of a range of positions, and of times, all ends included. */
export async function replayEvents(
  events: Events,
  { first, last, since, until }: ReplayFlags,
  output: Writable,
): Promise<void> {
  const range = {
    from: wholeNumber('--first', first),
    to: wholeNumber('--last', last),
    fromTimestamp: timestampOf(since),
    toTimestamp: timestampOf(until),
  };
  await print(events.replay(range), output);
}

export interface StateFlags {
  readonly at?: string;
  readonly position?: string;
}

/** Prints the state of a projection, now or as it was. */
export async function printState(
  events: Events,
  projection: string,
  { at, position: after }: StateFlags,
  output: Writable,
): Promise<void> {
  const { position, state } = await events.state(projection, pointOf(at, after));
  output.write(`${JSON.stringify({ projection, position, state })}\n`);
}

function pointOf(at: string | undefined, after: string | undefined): PointInTime | undefined {
  if (at !== undefined && after !== undefined) throw new Error('--at and --position: expected one of them');
  const timestamp = timestampOf(at);
  if (timestamp !== undefined) return { timestamp };
  const position = wholeNumber('--position', after);
  return position === undefined ? undefined : { position };
}

/** Prints what is wrong with the stored events; the exit code, 1 where anything is. */
export async function verifyEvents(events: Events, isJson: boolean, output: Writable): Promise<0 | 1> {
  const report = await events.verify();
  if (isJson) output.write(`${JSON.stringify(report)}\n`);
  else {
    for (const { position, what } of report.problems) output.write(`position ${position}: ${what}\n`);
    const found =
      report.problemCount === 0
        ? 'clean: none is missing, none was changed'
        : `${report.problemCount} problems`;
    output.write(
      `${found}; ${report.events} events, the last at ${report.position}, its hash ${report.hash}\n`,
    );
  }
  return report.problemCount === 0 ? 0 : 1;
}

/** A reader that has seen enough and closes the pipe is no error. */
async function print(from: Pages, output: Writable): Promise<void> {
  try {
    await pipeline(Readable.from(linesOf(from)), output, { end: false });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
  }
}

async function* linesOf(from: Pages): AsyncGenerator<string> {
  for await (const page of from) yield page.map((event) => `${lineOf(event)}\n`).join('');
}

const timestampOf = (text: string | undefined): bigint | undefined =>
  text === undefined ? undefined : BigInt(parseTime(text, Date.now()));

function wholeNumber(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,15}$/.test(text)) throw new Error(`${flag} is ${text}: expected a whole number`);
  return Number(text);
}
