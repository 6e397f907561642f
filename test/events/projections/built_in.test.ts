import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { NewEvent, StoredEvent } from '../../../src/events/event.ts';
import { AT_START, fold, stateOf } from '../../../src/events/fold.ts';
import type { Json, Projection } from '../../../src/events/projection.ts';
import { BUILT_IN_PROJECTIONS } from '../../../src/events/projections/built_in.ts';
import { countByType } from '../../../src/events/projections/count_by_type.ts';
import { lastByKey } from '../../../src/events/projections/last_by_key.ts';
import { logDashboard } from '../../../src/events/projections/log_dashboard.ts';
import { eventOf } from '../../helpers/event_engines.ts';

const MINUTE = 60_000n;

type Given = Partial<Omit<NewEvent, 'payload'>> & { readonly payload?: unknown; readonly stream?: string };

function stored({ payload = '', ...changes }: Given, position: number): StoredEvent {
  const bytes = Buffer.isBuffer(payload) ? payload : Buffer.from(JSON.stringify(payload));
  return { ...eventOf(position), ...changes, payload: bytes, position };
}

function stateAfter(projection: Projection, given: readonly Given[]): Json {
  const states = new Map<string, Json>();
  const events = given.map((one, index) => stored(one, index + 1));
  expect(fold(projection, AT_START, states, events).failure).toBeUndefined();
  return stateOf(projection, states);
}

test('count_by_type counts', () => {
  expect(stateAfter(countByType, [{ type: 'a' }, { type: 'b' }, { type: 'a' }])).toEqual({ a: 2, b: 1 });
});

test('last_by_key goes by the payload, then the stream, then the type', () => {
  const state = stateAfter(lastByKey, [
    { id: '1', payload: { key: 'cart-7', total: 1 } },
    { id: '2', payload: { key: 'cart-7', total: 2 }, stream: 's' },
    { id: '3', payload: Buffer.from([0xff, 0]), stream: 's' },
    { id: '4', payload: { key: 7 }, type: 't', timestamp: 2n ** 62n },
    { id: '5', payload: { key: 'x'.repeat(600) }, type: 'u' },
    { id: '6', payload: Buffer.alloc(70_000), type: 'big' },
  ]);
  expect(state).toMatchObject({
    'cart-7': { id: '2', position: 2, stream: 's', payload: { key: 'cart-7', total: 2 } },
    s: { id: '3', payload_base64: '/wA=' },
    t: { id: '4', timestamp: '4611686018427387904' },
    u: { id: '5' },
    big: { id: '6', payload_bytes: 70_000 },
  });
});

test('log_dashboard has levels, minutes and the last error of each service', () => {
  const entry = (level: string, minute: bigint, message = 'm', service?: string): Given => ({
    timestamp: minute * MINUTE + 5n,
    payload: { level, message, service },
  });
  const state = stateAfter(logDashboard, [
    entry('info', 100n, 'm', 'api'),
    entry('WARNING', 100n, 'm', 'api'),
    entry('ERROR', 101n, 'broken', 'api'),
    entry('odd', 99n, 'm', 'api'),
    entry('INFO', 100n),
    { payload: { message: 'no level' } },
    { payload: 'no entry' },
  ]);
  expect(state).toEqual({
    api: {
      total: 4,
      levels: { INFO: 1, WARN: 1, ERROR: 1, OTHER: 1 },
      minutes: [
        [99, 1, 0],
        [100, 2, 0],
        [101, 1, 1],
      ],
      last_error: { position: 3, timestamp: 101 * 60_000 + 5, level: 'ERROR', message: 'broken' },
    },
    '-': { total: 1, levels: { INFO: 1 }, minutes: [[100, 1, 0]], last_error: null },
  });
  const hours = Array.from({ length: 200 }, (_, minute) => entry('INFO', BigInt(minute)));
  const { minutes } = (stateAfter(logDashboard, hours) as { '-': { minutes: number[][] } })['-'];
  expect(minutes.map(([minute]) => minute)).toEqual(Array.from({ length: 60 }, (_, index) => index + 140));
});

test('none of them throws at anything, and none takes an earlier state for its own', () => {
  const deep = `{"level":"INFO","key":${'['.repeat(5000)}${']'.repeat(5000)}}`;
  const payload = fc.oneof(
    fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    fc.json().map((text) => Buffer.from(text)),
    fc
      .record({
        level: fc.jsonValue(),
        service: fc.jsonValue(),
        message: fc.jsonValue(),
        key: fc.jsonValue(),
      })
      .map((value) => Buffer.from(JSON.stringify(value))),
    fc.constant(Buffer.from(deep)),
  );
  const timestamp = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
  const events = fc.array(fc.record({ payload, timestamp, type: fc.constantFrom('a', '__proto__') }));
  fc.assert(
    fc.property(events, (given) => {
      for (const projection of BUILT_IN_PROJECTIONS) {
        const frozen = {
          ...projection,
          apply: (state: Json, event: StoredEvent) => projection.apply(freeze(state), event),
        };
        stateAfter(frozen, given);
      }
    }),
    { numRuns: 50 },
  );
});

function freeze(state: Json): Json {
  if (state !== null && typeof state === 'object') {
    Object.values(state).forEach(freeze);
    Object.freeze(state);
  }
  return state;
}
