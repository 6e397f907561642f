/** An event store that another program serves: EventService (thrift/event_service.thrift) from the side of its client. */
import { setTimeout as delay } from 'node:timers/promises';
import type { NewEvent, StoredEvent } from '../../events/event.ts';
import type {
  AppendOptions,
  PointInTime,
  ProjectionState,
  ReplayRange,
  VerifyReport,
} from '../../events/event_store.ts';
import type { Json } from '../../events/projection.ts';
import { bigIntOf, int64Of, wireEventOf } from '../../events/service/event_codec.ts';
import type { Client } from '../../thrift/generated/EventService.js';
import { Event, type Page, type State } from '../../thrift/generated/event_service_types.js';
import { connectEvents, type EventConnection, type EventServer } from './event_connection.ts';
import type { Events } from './events.ts';

/** So often a service is asked for new events. */
const POLL_MS = 200;

const PAGE_EVENTS = 10_000;

/** A replay asks for so many events at once, and for so many pages before the first is taken. */
const REPLAY_EVENTS = 2500;
const PAGES_AHEAD = 3;

export class RemoteEvents implements Events {
  readonly #connection: EventConnection;

  private constructor(connection: EventConnection) {
    this.#connection = connection;
  }

  /** Rejects as `connectEvents` does. */
  static async connect(server: EventServer): Promise<RemoteEvents> {
    return new RemoteEvents(await connectEvents(server));
  }

  get #client(): Client {
    return this.#connection.client;
  }

  async appendAll(
    events: readonly NewEvent[],
    { stream, expectedVersion = -1 }: AppendOptions = {},
  ): Promise<{ position: number }[]> {
    const sent = events.map((event) => new Event(wireEventOf(event)));
    const positions = await (stream === undefined
      ? this.#client.appendAll(sent)
      : this.#client.appendTo(stream, sent, int64Of(BigInt(expectedVersion))));
    return positions.map((position) => ({ position: Number(position) }));
  }

  async consume(event: NewEvent): Promise<{ position: number }> {
    return { position: Number(await this.#client.consumeEvent(new Event(wireEventOf(event)))) };
  }

  async read(after: number, limit: number): Promise<readonly StoredEvent[]> {
    return eventsOf(await this.#client.read(int64Of(BigInt(after)), limit));
  }

  async readByType(type: string, after: number, limit: number): Promise<readonly StoredEvent[]> {
    return eventsOf(await this.#client.readByType(type, int64Of(BigInt(after)), limit));
  }

  async head(): Promise<number> {
    return Number(await this.#client.head());
  }

  async state(projection: string, at?: PointInTime): Promise<ProjectionState> {
    const { position, state } = await this.#stateAt(projection, at);
    return { projection, position: Number(position), state: JSON.parse(state.toString()) as Json };
  }

  async *replay(range: ReplayRange = {}, signal?: AbortSignal): AsyncGenerator<readonly StoredEvent[]> {
    const { fromTimestamp: since = -Infinity, toTimestamp: until = Infinity } = range;
    const isWanted = ({ timestamp }: StoredEvent): boolean => timestamp >= since && timestamp <= until;
    const last = Math.min(range.to ?? Infinity, await this.head());
    for await (const page of this.#pages(Math.max(range.from ?? 1, 1), last)) {
      if (signal?.aborted === true) return;
      yield eventsOf(page).filter(isWanted);
    }
  }

  /** The next pages are asked for while one is taken. One that did not fit is asked for once more, from where it ended. */
  async *#pages(first: number, last: number): AsyncGenerator<Page> {
    const asked: { readonly to: number; readonly page: Promise<Page> }[] = [];
    let from = first;
    for (;;) {
      for (; from <= last && asked.length < PAGES_AHEAD; from += REPLAY_EVENTS) {
        const to = Math.min(from + REPLAY_EVENTS - 1, last);
        asked.push({ to, page: this.#replay(from, to) });
      }
      const next = asked.shift();
      if (next === undefined) return;
      let page = await next.page;
      yield page;
      while (page.hasMore) yield (page = await this.#replay(Number(page.readAfter) + 1, next.to));
    }
  }

  #replay(first: number, last: number): Promise<Page> {
    const page = this.#client.replay(int64Of(BigInt(first)), int64Of(BigInt(last)));
    // Who takes no more pages does not look at those that were asked for.
    page.catch(() => undefined);
    return page;
  }

  async *subscribe(after: number, signal: AbortSignal): AsyncGenerator<readonly StoredEvent[]> {
    for (let place = after; !signal.aborted;) {
      const events = await this.read(place, PAGE_EVENTS);
      if (events.length === 0) await delay(POLL_MS, undefined, { signal }).catch(() => undefined);
      else yield events;
      place = events.at(-1)?.position ?? place;
    }
  }

  async verify(): Promise<VerifyReport> {
    const { events, position: last, hash, problemCount, problems } = await this.#client.verify();
    return {
      events: Number(events),
      position: Number(last),
      problemCount: Number(problemCount),
      problems: problems.map(({ position, what }) => ({ position: Number(position), what })),
      hash,
    };
  }

  async rebuild(projection: string): Promise<number> {
    return Number(await this.#client.rebuild(projection));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve(this.#connection[Symbol.asyncDispose]());
  }

  #stateAt(projection: string, at: PointInTime | undefined): Promise<State> {
    if (at === undefined) return this.#client.currentState(projection);
    return 'position' in at
      ? this.#client.stateAfter(projection, int64Of(BigInt(at.position)))
      : this.#client.state(projection, int64Of(at.timestamp));
  }
}

const eventsOf = ({ events }: Page): StoredEvent[] =>
  events.map(({ position, event, stream, version }) => ({
    position: Number(position),
    id: event.id,
    type: event.type,
    timestamp: bigIntOf(event.timestamp),
    payload: event.payload,
    // Absent is null in generated code, whatever its types say.
    ...(typeof stream === 'string' ? { stream } : {}),
    ...(typeof version === 'object' && version !== null ? { version: Number(version) } : {}),
  }));
