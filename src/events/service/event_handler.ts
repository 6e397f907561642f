/** What EventService does with each call: thrift/event_service.thrift says what that is to be. */
import type { Int64 } from 'thrift';
import { OwnReply } from '../../thrift/generated_service.ts';
import type { Event } from '../../thrift/generated/event_service_types.js';
import type { EventStore, PointInTime } from '../event_store.ts';
import {
  bigIntOf,
  given,
  newEventOf,
  someOf,
  wirePageOf,
  wholeNumberOf,
  wireStateOf,
  type Received,
  type WireState,
} from './event_codec.ts';
import { wireErrorOf } from './event_errors.ts';
import { encodePage, type EventPage } from './page_message.ts';

/** Events in an answer of `replay`, at most. */
const REPLAY_AT_ONCE = 10_000;

/** A method for each of the service. They reject with the exceptions it declares; with another error for a fault of ours. */
export function eventHandler(store: EventStore) {
  return mapped(
    {
      append: async (event: Received<Event>): Promise<void> => {
        await store.append(newEventOf(event));
      },
      consume: async (event: Received<Event>): Promise<void> => {
        await store.consume(newEventOf(event));
      },
      appendAll: async (events: Received<Event[]>) =>
        positionsOf(await store.appendAll(newEventsOf(someOf(events, 'events')))),
      appendTo: async (stream: Received<string>, events: Received<Event[]>, expected: Received<Int64>) =>
        positionsOf(await store.appendAll(newEventsOf(events), placeOf(stream, expected))),
      consumeEvent: async (event: Received<Event>) => (await store.consume(newEventOf(event))).position,
      read: async (after: Received<Int64>, limit: Received<number>) =>
        pageAfter(store, after, (from) => store.read(from, given(limit, 'limit'))),
      readByType: async (type: Received<string>, after: Received<Int64>, limit: Received<number>) =>
        pageAfter(store, after, (from) => store.readByType(given(type, 'type'), from, given(limit, 'limit'))),
      replay: async (first: Received<Int64>, last: Received<Int64>) =>
        replyOf(await replay(store, wholeNumberOf(first, 'first'), wholeNumberOf(last, 'last'))),
      state: async (projection: Received<string>, at: Received<Int64>, signal: AbortSignal) =>
        stateOf(store, projection, { timestamp: bigIntOf(given(at, 'at')) }, signal),
      stateAfter: async (projection: Received<string>, position: Received<Int64>, signal: AbortSignal) =>
        stateOf(store, projection, { position: wholeNumberOf(position, 'position') }, signal),
      currentState: async (projection: Received<string>, signal: AbortSignal) =>
        stateOf(store, projection, undefined, signal),
      projections: () => Promise.resolve(store.projections.map(({ name }) => name)),
      head: () => store.head(),
      verify: (signal: AbortSignal) => store.verify(signal),
      rebuild: async (projection: Received<string>, signal: AbortSignal) =>
        store.rebuild(given(projection, 'projection'), signal),
    },
    (error) => wireErrorOf(error, store.projections),
  );
}

type Methods = Readonly<Record<string, (...values: never[]) => Promise<unknown>>>;

/** The same methods, each rejecting with what `told` makes of its error. */
function mapped(methods: Methods, told: (error: unknown) => unknown): Methods {
  return Object.fromEntries(
    Object.entries(methods).map(([name, method]) => [
      name,
      async (...values: never[]) => {
        try {
          return await method(...values);
        } catch (error) {
          throw told(error);
        }
      },
    ]),
  );
}

const newEventsOf = (events: Received<readonly Event[]>) =>
  given(events, 'events').map((event, index) => newEventOf(event, index));

const positionsOf = (appended: readonly { readonly position: number }[]): number[] =>
  appended.map(({ position }) => position);

function placeOf(stream: Received<string>, expected: Received<Int64>) {
  const expectedVersion = wholeNumberOf(expected, 'expectedVersion');
  return { stream: given(stream, 'stream'), ...(expectedVersion === -1 ? {} : { expectedVersion }) };
}

async function stateOf(
  store: EventStore,
  projection: Received<string>,
  at: PointInTime | undefined,
  signal: AbortSignal,
): Promise<WireState> {
  return wireStateOf(await store.state(given(projection, 'projection'), at, signal));
}

const replyOf = (page: EventPage): OwnReply =>
  new OwnReply(
    (call) => (call.protocol === 'binary' ? encodePage(page, call) : undefined),
    () => wirePageOf(page),
  );

async function pageAfter(
  store: EventStore,
  after: Received<Int64>,
  read: (after: number) => ReturnType<EventStore['read']>,
): Promise<OwnReply> {
  const from = wholeNumberOf(after, 'after');
  const events = await read(from);
  const readAfter = events.at(-1)?.position ?? from;
  const hasMore = events.length > 0 && readAfter < (await store.head());
  return replyOf({ events, readAfter, hasMore });
}

async function replay(store: EventStore, first: number, last: number): Promise<EventPage> {
  const from = Math.max(first, 1);
  const to = Math.min(last, await store.head());
  if (to < from) return { events: [], readAfter: from - 1, hasMore: false };
  const events = await store.read(from - 1, Math.min(REPLAY_AT_ONCE, to - from + 1));
  const readAfter = events.at(-1)?.position ?? to;
  return { events, readAfter, hasMore: readAfter < to };
}
