import { expect, test } from 'vitest';
import { columnsOf, type Columns } from '../../src/outputs/columns.ts';
import { RECEIVED_AT_MS } from '../helpers/blocks.ts';
import { rowsFrom } from '../helpers/rows.ts';

const NOTHING = {
  timeMs: RECEIVED_AT_MS,
  level: null,
  service: null,
  host: null,
  message: null,
  tags: null,
  rest: '{}',
  shipper: 'web-1',
};
const TIME_MS = Date.UTC(2026, 0, 1);
const TIME = new Date(TIME_MS).toISOString();

function columns(entry: object): Columns {
  const { header, rows } = rowsFrom([entry]);
  const [row] = rows;
  if (row === undefined) throw new Error('no row');
  return columnsOf(row, header);
}

test.each<[object, Partial<Columns>]>([
  [{}, {}],
  [{ time: TIME }, { timeMs: TIME_MS }],
  [{ timestamp: TIME }, { timeMs: TIME_MS }],
  [{ '@timestamp': TIME }, { timeMs: TIME_MS }],
  [{ ts: TIME_MS / 1000 }, { timeMs: TIME_MS }],
  [
    { time: TIME, ts: 5 },
    { timeMs: TIME_MS, rest: '{"ts":5}' },
  ],
  [
    { time: 'soon', ts: TIME_MS },
    { timeMs: TIME_MS, rest: '{"time":"soon"}' },
  ],
  [{ time: '2026-01-01T01:00:00+01:00' }, { timeMs: TIME_MS, rest: '{"time":"2026-01-01T01:00:00+01:00"}' }],
  [{ level: 'info' }, { level: 'INFO' }],
  [{ level: 30 }, { level: 'INFO' }],
  [{ level: 35 }, { level: '35' }],
  [{ severity: 'Warn' }, { level: 'WARN' }],
  [{ log_level: 'error' }, { level: 'ERROR' }],
  [{ level: null }, { rest: '{"level":null}' }],
  [{ service: 'api' }, { service: 'api' }],
  [{ svc: 'api' }, { service: 'api' }],
  [
    { service_name: 'api', host: 'h' },
    { service: 'api', host: 'h' },
  ],
  [{ hostname: 'h' }, { host: 'h' }],
  [{ host: { name: 'h' } }, { rest: '{"host":{"name":"h"}}' }],
  [
    { message: 'm', msg: 'n' },
    { message: 'm', rest: '{"msg":"n"}' },
  ],
  [{ msg: '' }, { message: '' }],
  [{ message: 5 }, { rest: '{"message":5}' }],
  [{ tags: ['a', 'b'] }, { tags: ['a', 'b'] }],
  [{ tags: 'a' }, { tags: ['a'] }],
  [{ tags: [1] }, { rest: '{"tags":[1]}' }],
  [
    { user: 1, level: 'x', nested: { level: 'y' } },
    { level: 'X', rest: '{"user":1,"nested":{"level":"y"}}' },
  ],
])('%j', (entry, expected) => {
  expect(columns(entry)).toEqual({ ...NOTHING, ...expected });
});
