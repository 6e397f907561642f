/** Random calls, many at once, held to a plain model that does one after the other. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AppendAllOptions } from '../../src/events/event_store.ts';
import type { NewEvent } from '../../src/events/event.ts';
import { ENGINES, allEvents, eventOf, type Engine } from '../helpers/event_engines.ts';

const RUNS = Number(process.env.EVENT_MODEL_RUNS ?? 15);

interface Call {
  readonly events: readonly NewEvent[];
  readonly options: AppendAllOptions;
  readonly isConsumed: boolean;
}

const event = fc
  .record({ number: fc.integer({ min: 1, max: 12 }), type: fc.constantFrom('a', 'a', 'a', 'b') })
  .map(({ number, type }) => eventOf(number, { type }));

const call: fc.Arbitrary<Call> = fc
  .record({
    events: fc.array(event, { minLength: 1, maxLength: 4 }),
    stream: fc.option(fc.constantFrom('s', 't'), { nil: undefined }),
    expectedVersion: fc.option(fc.integer({ min: 0, max: 4 }), { nil: undefined }),
    isConsumed: fc.boolean(),
  })
  .map(({ events, stream, expectedVersion, isConsumed }) => ({
    events: isConsumed ? events.slice(0, 1) : events,
    isConsumed,
    options: { stream, expectedVersion: stream === undefined ? undefined : expectedVersion },
  }));

class Model {
  readonly events: { readonly event: NewEvent; readonly stream: string | undefined }[] = [];

  /** What the call is answered with. */
  take({ events, options: { stream, expectedVersion } }: Call): number[] | string {
    const all = [...this.events];
    const positions: number[] = [];
    for (const one of events) {
      const at = all.findIndex(({ event: known }) => known.id === one.id);
      const known = all[at];
      if (known !== undefined && (known.event.type !== one.type || known.stream !== stream))
        return 'duplicate_conflict';
      positions.push(known === undefined ? all.push({ event: one, stream }) : at + 1);
    }
    const version = this.events.filter((known) => known.stream === stream).length;
    const isNew = all.length > this.events.length;
    if (isNew && expectedVersion !== undefined && version !== expectedVersion) return 'version_conflict';
    this.events.push(...all.slice(this.events.length));
    return positions;
  }
}

describe.each(ENGINES)('random calls on %s', (name, start) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await start();
  });
  afterAll(() => engine[Symbol.asyncDispose]());

  const run = async (turns: readonly (readonly Call[])[]): Promise<void> => {
    await using store = await engine.fresh();
    const model = new Model();
    for (const calls of turns) {
      const answers = await Promise.all(
        calls.map(async ({ events, options, isConsumed }) => {
          const [only] = events;
          const appended =
            isConsumed && only !== undefined
              ? store.consume(only, options).then((one) => [one])
              : store.appendAll(events, options);
          return appended.then(
            (all) => all.map(({ position }) => position),
            (error: unknown) => (error as { code: string }).code,
          );
        }),
      );
      expect(answers).toEqual(calls.map((one) => model.take(one)));
    }
    const stored = await allEvents(store);
    expect(stored.map(({ id, type, stream }) => ({ id, type, stream }))).toEqual(
      model.events.map(({ event: { id, type }, stream }) => ({ id, type, stream })),
    );
    const counts: Record<string, number> = {};
    for (const { type } of stored) counts[type] = (counts[type] ?? 0) + 1;
    expect((await store.state('count_by_type')).state).toEqual(counts);
    expect((await store.verify()).problems).toEqual([]);
  };

  test('are answered, stored and counted as one after the other', async () => {
    const turns = fc.array(fc.array(call, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 6 });
    await fc.assert(fc.asyncProperty(turns, run), {
      numRuns: name === 'PGlite' ? Math.ceil(RUNS / 3) : RUNS,
    });
  });
});
