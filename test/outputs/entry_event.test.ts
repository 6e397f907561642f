import { expect, test } from 'vitest';
import { eventOf } from '../../src/outputs/entry_event.ts';
import { EPOCH, RECEIVED_AT_MS } from '../helpers/blocks.ts';
import { rowsFrom } from '../helpers/rows.ts';

const TEN_SECONDS = { time: '2026-01-01T00:00:10Z' };

const eventFrom = (entry: object, index = 0, maxPayloadBytes = 1000) => {
  const { header, rows } = rowsFrom([entry]);
  const [row] = rows;
  if (row === undefined) throw new Error('no row');
  return eventOf(row, header, index, maxPayloadBytes);
};

test('an entry is an event of its place, level, time and line', () => {
  expect(eventFrom({ ...TEN_SECONDS, level: 'error', message: 'no' }, 7)).toEqual({
    id: `web-1/${EPOCH}/1/7`,
    type: 'log.error',
    timestamp: BigInt(Date.UTC(2026, 0, 1, 0, 0, 10)),
    payload: Buffer.from('{"time":"2026-01-01T00:00:10Z","level":"error","message":"no"}'),
  });
});

test.each([
  [{}, 'log'],
  [{ level: 50 }, 'log.error'],
  [{ severity: ' Warn ' }, 'log.warn'],
  [{ level: 'x'.repeat(33) }, 'log'],
  [{ level: 'a b' }, 'log'],
  [{ level: '\0' }, 'log'],
  [{ level: '\ud800' }, 'log'],
])('%j is of type %s', (entry, type) => {
  expect(eventFrom(entry).type).toBe(type);
});

test('one that says no time happened when it was received', () => {
  expect(eventFrom({ time: 'soon' }).timestamp).toBe(BigInt(RECEIVED_AT_MS));
});

test('of a line that is longer than a payload may be its length is kept', () => {
  const entry = { level: 'info', message: 'x'.repeat(100) };
  expect(eventFrom(entry, 0, 99)).toMatchObject({
    type: 'log.info',
    payload: Buffer.from(`{"left_out_bytes":${JSON.stringify(entry).length}}`),
  });
});
