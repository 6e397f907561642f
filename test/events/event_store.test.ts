import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { StoredEvent } from '../../src/events/event.ts';
import type { EventStore } from '../../src/events/event_store.ts';
import type { Projection } from '../../src/events/projection.ts';
import { codeOf } from '../helpers/errors.ts';
import { ENGINES, allEvents, eventOf, eventsOf, type Engine } from '../helpers/event_engines.ts';
import { until } from '../helpers/until.ts';

describe.each(ENGINES)('an event store on %s', (_, start) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await start();
  });
  afterAll(() => engine[Symbol.asyncDispose]());

  const ids = async (store: EventStore): Promise<string[]> => (await allEvents(store)).map(({ id }) => id);

  test('keeps events as they came, numbered from 1', async () => {
    await using store = await engine.fresh();
    const strange = eventOf(2, {
      id: '\u{1f980} "\\\'\n\u0001',
      type: 'ünï/{}',
      timestamp: -(2n ** 63n),
      payload: Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)),
    });
    expect(await store.append(eventOf(1))).toEqual({ position: 1, isNew: true });
    expect(await store.append(strange, { stream: 'a "stream"' })).toEqual({ position: 2, isNew: true });
    expect(await store.append(eventOf(3, { payload: Buffer.alloc(0), timestamp: 2n ** 63n - 1n }))).toEqual({
      position: 3,
      isNew: true,
    });
    expect(await store.read(0, 10)).toEqual([
      { ...eventOf(1), position: 1 },
      { ...strange, position: 2, stream: 'a "stream"', version: 1 },
      { ...eventOf(3, { payload: Buffer.alloc(0), timestamp: 2n ** 63n - 1n }), position: 3 },
    ]);
    expect(await store.head()).toBe(3);
    expect(await store.verify()).toMatchObject({ events: 3, problems: [], position: 3 });
  });

  test('keeps an event once, however often it comes', async () => {
    await using store = await engine.fresh();
    await store.append(eventOf(1));
    expect(await store.append(eventOf(1))).toEqual({ position: 1, isNew: false });
    expect(await store.appendAll([eventOf(1), eventOf(2), eventOf(2)])).toEqual([
      { position: 1, isNew: false },
      { position: 2, isNew: true },
      { position: 2, isNew: false },
    ]);
    const answers = await Promise.all(Array.from({ length: 20 }, () => store.append(eventOf(3))));
    expect(new Set(answers.map(({ position }) => position))).toEqual(new Set([3]));
    expect(answers.filter(({ isNew }) => isNew)).toHaveLength(1);
    expect(await ids(store)).toEqual(['event-1', 'event-2', 'event-3']);
  });

  test('refuses an event of a known id with other content', async () => {
    await using store = await engine.fresh();
    await store.append(eventOf(1));
    for (const changes of [{ type: 'other' }, { timestamp: 1n }, { payload: Buffer.from('other') }]) {
      const conflict = { code: 'duplicate_conflict', id: 'event-1', position: 1 };
      await expect(store.append(eventOf(1, changes))).rejects.toMatchObject(conflict);
      await expect(store.appendAll([eventOf(2), eventOf(1, changes)])).rejects.toMatchObject(conflict);
      await expect(store.appendAll([eventOf(3), eventOf(3, changes)])).rejects.toMatchObject({
        code: 'duplicate_conflict',
        position: undefined,
      });
    }
    await expect(store.append(eventOf(1), { stream: 's' })).rejects.toMatchObject({ position: 1 });
    expect(await ids(store)).toEqual(['event-1']);
  });

  test('one refused call of many does not harm the others', async () => {
    await using store = await engine.fresh();
    await store.append(eventOf(1));
    const answers = await Promise.allSettled([
      store.append(eventOf(2)),
      store.append(eventOf(1, { type: 'other' })),
      store.appendAll([eventOf(3), eventOf(4)]),
      store.append(eventOf(5), { stream: 's', expectedVersion: 9 }),
      store.append(eventOf(6)),
    ]);
    expect(answers.map(({ status }) => status === 'fulfilled')).toEqual([true, false, true, false, true]);
    expect(await ids(store)).toEqual(['event-1', 'event-2', 'event-3', 'event-4', 'event-6']);
  });

  test('numbers the events of a stream, and takes none where another one came before', async () => {
    await using store = await engine.fresh();
    await store.append(eventOf(1), { stream: 'cart', expectedVersion: 0 });
    await store.appendAll(eventsOf(2, 2), { stream: 'cart', expectedVersion: 1 });
    await expect(store.append(eventOf(9), { stream: 'cart', expectedVersion: 1 })).rejects.toMatchObject({
      code: 'version_conflict',
      stream: 'cart',
      expected: 1,
      actual: 3,
    });
    const racing = await Promise.allSettled(
      eventsOf(10, 8).map((event) => store.append(event, { stream: 'cart', expectedVersion: 3 })),
    );
    expect(racing.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    // What was stored is no conflict when it comes again.
    expect(await store.append(eventOf(1), { stream: 'cart', expectedVersion: 0 })).toMatchObject({
      isNew: false,
    });
    expect((await allEvents(store)).map(({ version }) => version)).toEqual([1, 2, 3, 4]);
    expect(await codeOf(() => store.append(eventOf(20), { expectedVersion: 0 }))).toBe('invalid_request');
  });

  test('refuses what it could not keep as it is', async () => {
    await using store = await engine.fresh({ maxPayloadBytes: 100 });
    for (const [what, changes] of Object.entries({
      'an empty id': { id: '' },
      'a long id': { id: 'ä'.repeat(257) },
      'NUL in an id': { id: 'a\0b' },
      'half a surrogate pair in a type': { type: 'a\ud800' },
      'a long type': { type: 'x'.repeat(257) },
      'a timestamp beyond 64 bits': { timestamp: 2n ** 63n },
      'a long payload': { payload: Buffer.alloc(101) },
    }))
      expect(await codeOf(() => store.append(eventOf(1, changes))), what).toBe('invalid_event');
    const stream = 'x'.repeat(513);
    expect(await codeOf(() => store.append(eventOf(1), { stream }))).toBe('invalid_event');
    expect(await codeOf(() => store.appendAll(eventsOf(1, 10_001)))).toBe('invalid_event');
    const longest = eventOf(1, { id: 'ä'.repeat(256), payload: Buffer.alloc(100) });
    expect(await store.append(longest)).toMatchObject({ position: 1 });
  });

  test('reads pages by position, type and time, bounded by count and by bytes', async () => {
    await using store = await engine.fresh();
    await store.appendAll([...eventsOf(1, 10), ...eventsOf(11, 5, { type: 'rare' })]);
    expect((await store.read(3, 4)).map(({ position }) => position)).toEqual([4, 5, 6, 7]);
    expect((await store.readByType('rare', 11, 2)).map(({ position }) => position)).toEqual([12, 13]);
    expect(await store.read(15, 10)).toEqual([]);
    expect(await codeOf(() => store.read(-1, 10))).toBe('invalid_request');
    expect(await codeOf(() => store.read(0, 10_001))).toBe('invalid_request');
    const positions = async (range: Parameters<EventStore['replay']>[0]): Promise<number[]> => {
      const pages: (readonly StoredEvent[])[] = [];
      for await (const page of store.replay(range)) pages.push(page);
      return pages.flat().map(({ position }) => position);
    };
    expect(await positions({ from: 5, to: 7 })).toEqual([5, 6, 7]);
    expect(await positions({ fromTimestamp: 1_700_000_000_004n, toTimestamp: 1_700_000_000_006n })).toEqual([
      4, 5, 6,
    ]);
    await store.appendAll(eventsOf(100, 9, { payload: Buffer.alloc(1024 * 1024) }));
    expect(await store.read(15, 100)).toHaveLength(8);
    expect(await positions({ from: 16 })).toHaveLength(9);
  });

  test('saves a mark together with events, or neither', async () => {
    await using store = await engine.fresh();
    await store.appendAll([eventOf(1)], { mark: { name: 'follower', value: 'one' } });
    await store.appendAll([], { mark: { name: 'follower', value: 'two' } });
    expect(await store.mark('follower')).toBe('two');
    const conflict = store.appendAll([eventOf(1, { type: 'other' })], {
      mark: { name: 'follower', value: 'three' },
    });
    expect(await codeOf(() => conflict)).toBe('duplicate_conflict');
    expect(await store.mark('follower')).toBe('two');
    await store.forgetMark('follower');
    expect(await store.mark('follower')).toBeUndefined();
  });

  test('lets nobody change or remove an event', async () => {
    await using store = await engine.fresh();
    await store.append(eventOf(1));
    for (const statement of [
      "UPDATE logferry.events SET type = 'other'",
      'DELETE FROM logferry.events',
      'TRUNCATE logferry.events',
    ])
      await expect(engine.sql.query(statement), statement).rejects.toMatchObject({ code: 'refused' });
    expect(await store.verify()).toMatchObject({ events: 1, problems: [] });
  });

  test('verify finds whatever was changed behind its back', async () => {
    for (const [tampering, positions] of [
      ["UPDATE logferry.events SET payload = 'x' WHERE position = 3", [3]],
      ['UPDATE logferry.events SET timestamp = timestamp + 1 WHERE position = 5', [5]],
      ['DELETE FROM logferry.events WHERE position = 3', [4]],
      ['DELETE FROM logferry.events WHERE position > 3', [6]],
      [
        // Two events that change places.
        'UPDATE logferry.events SET position = CASE position WHEN 2 THEN 300 ELSE 200 END WHERE position IN (2, 3);' +
          'UPDATE logferry.events SET position = position / 100 WHERE position > 100',
        [2, 3, 4],
      ],
      ['UPDATE logferry.event_head SET position = 4', [4]],
    ] as const) {
      await using store = await engine.fresh();
      await store.appendAll(eventsOf(1, 5), { stream: 's' });
      await engine.sql.script(`ALTER TABLE logferry.events DISABLE TRIGGER events_stay; ${tampering}`);
      const { problems, problemCount } = await store.verify();
      expect(
        problems.map(({ position }) => position),
        tampering,
      ).toEqual(positions);
      expect(problemCount).toBe(positions.length);
    }
  });

  test('a subscriber gets what there is and then what comes, each once', async () => {
    await using store = await engine.fresh();
    await store.appendAll(eventsOf(1, 1500));
    const stop = new AbortController();
    const seen: number[] = [];
    const reading = (async () => {
      for await (const page of store.subscribe(10, stop.signal)) {
        expect(page.length).toBeLessThanOrEqual(1000);
        seen.push(...page.map(({ position }) => position));
      }
    })();
    for (let number = 1501; number <= 1600; number += 10) await store.appendAll(eventsOf(number, 10));
    await until('all were seen', () => seen.length >= 1590);
    stop.abort();
    await reading;
    expect(seen).toEqual(Array.from({ length: 1590 }, (_, index) => index + 11));
  });

  test('projections are as far as what was consumed, and are brought further when asked', async () => {
    await using store = await engine.fresh();
    await store.append(eventOf(1, { type: 'a' }));
    await Promise.all(eventsOf(2, 30, { type: 'b' }).map((event) => store.consume(event)));
    const [row] = await engine.sql.query(
      `SELECT position FROM logferry.projections WHERE slot = 'count_by_type@1'`,
    );
    expect(row).toEqual([31n]);
    await store.append(eventOf(40, { type: 'a' }));
    await store.consume(eventOf(2, { type: 'b' }));
    expect(await store.state('count_by_type')).toEqual({
      projection: 'count_by_type',
      position: 32,
      state: { a: 2, b: 30 },
    });
    expect(await codeOf(() => store.state('none'))).toBe('unknown_projection');
  });

  const total: Projection<number> = {
    name: 'total',
    version: 1,
    help: '',
    initial: 0,
    apply: (sum, { payload }) => sum + (JSON.parse(payload.toString()) as { number: number }).number,
  };

  const sumTo = (last: number): number => (last * (last + 1)) / 2;

  test('recreates a state at any point in the past, with and without snapshots', async () => {
    await using store = await engine.fresh({ projections: [total], snapshotEvery: 10 });
    for (let number = 1; number <= 45; number += 5)
      await Promise.all(eventsOf(number, 5).map((event) => store.consume(event)));
    for (const position of [0, 1, 9, 10, 27, 45])
      expect(await store.state('total', { position })).toMatchObject({ position, state: sumTo(position) });
    for (const number of [0, 4, 31, 99])
      expect(await store.state('total', { timestamp: 1_700_000_000_000n + BigInt(number) })).toMatchObject({
        position: 45,
        state: sumTo(Math.min(number, 45)),
      });
    // An event that comes late, from before, belongs to the past it names.
    await store.consume(eventOf(1000, { timestamp: 1_700_000_000_003n }));
    expect(await store.state('total', { timestamp: 1_700_000_000_003n })).toMatchObject({
      state: sumTo(3) + 1000,
    });
    expect((await engine.sql.query('SELECT 1 FROM logferry.projection_snapshots')).length).toBeGreaterThan(2);
    expect(await codeOf(() => store.state('total', { position: 47 }))).toBe('invalid_request');
  });

  test('keeps a bounded number of snapshots, spread over the past', async () => {
    await using store = await engine.fresh({ projections: [total], snapshotEvery: 1 });
    for (let number = 1; number <= 80; number += 1) await store.consume(eventOf(number));
    const kept = await engine.sql.query(
      'SELECT position FROM logferry.projection_snapshots ORDER BY position',
    );
    expect(kept.length).toBeLessThanOrEqual(64);
    expect(Number(kept[0]?.[0])).toBeLessThan(5);
    for (const position of [1, 2, 3, 40, 79, 80])
      expect(await store.state('total', { position })).toMatchObject({ state: sumTo(position) });
  });

  test('a projection that came later, or of another version, catches up', async () => {
    await using store = await engine.fresh({ projections: [] });
    await store.appendAll(eventsOf(1, 4500));
    await using later = await engine.another({ projections: [total] });
    const calls = [later.consume(eventOf(4501)), later.append(eventOf(4502)), later.consume(eventOf(4503))];
    for (const { isNew } of await Promise.all(calls)) expect(isNew).toBe(true);
    expect(await later.state('total')).toMatchObject({ position: 4503, state: sumTo(4503) });
    const negative: Projection<number> = { ...total, version: 2, apply: (sum) => sum - 1 };
    await using changed = await engine.another({ projections: [negative] });
    expect(await changed.state('total')).toMatchObject({ position: 4503, state: -4503 });
    expect(await later.state('total')).toMatchObject({ state: sumTo(4503) });
  });

  test('a projection that throws stays where it is, says so, and the others go on', async () => {
    const failing: Projection<number> = {
      ...total,
      name: 'failing',
      apply(sum, event) {
        if (event.id === 'event-3') throw new Error('three!');
        return sum + 1;
      },
    };
    await using store = await engine.fresh({ projections: [failing, total] });
    await store.appendAll(eventsOf(1, 2));
    const failed = { code: 'projection_failed', projection: 'failing', position: 3 };
    await expect(store.consume(eventOf(3))).rejects.toMatchObject(failed);
    await expect(store.consume(eventOf(4))).rejects.toThrow('three!');
    await expect(store.consume(eventOf(4))).rejects.toMatchObject(failed);
    expect(await store.consume(eventOf(2))).toEqual({ position: 2, isNew: false });
    expect(await store.state('total')).toMatchObject({ position: 4, state: 10 });
    await expect(store.state('failing')).rejects.toMatchObject(failed);
    expect(await store.state('failing', { position: 2 })).toMatchObject({ state: 2 });
    await expect(store.rebuild('failing')).rejects.toMatchObject(failed);
    await using mended = await engine.another({
      projections: [{ ...failing, apply: (sum: number) => sum + 1 }],
    });
    expect(await mended.rebuild('failing')).toBe(4);
    expect(await mended.state('failing')).toMatchObject({ position: 4, state: 4 });
    expect(await mended.consume(eventOf(5))).toMatchObject({ position: 5 });
  });

  test('a projection is made anew, while events come', async () => {
    await using store = await engine.fresh({ projections: [total], snapshotEvery: 1000 });
    await store.appendAll(eventsOf(1, 3000));
    await store.consume(eventOf(3001));
    await engine.sql.query('UPDATE logferry.projection_states SET state = $1', ['-1']);
    const consuming = Promise.all(eventsOf(3002, 100).map((event) => store.consume(event)));
    const rebuilt = await Promise.all([store.rebuild('total'), store.rebuild('total')]);
    await consuming;
    for (const position of rebuilt) expect(position).toBeGreaterThanOrEqual(3001);
    expect(await store.state('total')).toMatchObject({ position: 3101, state: (3101 * 3102) / 2 });
    expect(await engine.sql.query('SELECT slot FROM logferry.projections')).toEqual([['total@1']]);
    expect(await store.state('total', { position: 2500 })).toMatchObject({ state: (2500 * 2501) / 2 });
  });

  test('a closed store has answered what it took, and takes no more', async () => {
    const store = await engine.fresh();
    const appended = store.append(eventOf(1));
    await store[Symbol.asyncDispose]();
    expect(await appended).toEqual({ position: 1, isNew: true });
    expect(await codeOf(() => store.append(eventOf(2)))).toBe('closed');
  });
});
