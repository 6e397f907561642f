import { expect, test } from 'vitest';
import { OTHER, ShipperTable, bytesAsTheyCame, entriesAsTheyCame } from '../../src/monitor/shipper_table.ts';

const MAX_ROWS = 200;

const block = (shipperId: string, count = 1) => ({
  shipperId,
  count,
  rawLength: 10 * count,
  body: { length: count },
});

test('what each shipper stored, says of itself and waits for', () => {
  let now = 1000;
  const table = new ShipperTable(() => now);
  const line = table.opened('web-1', '10.0.0.1:999');
  line.said({ version: '1.2.3', level: 6 });
  line.said({ level: 4, backlog: 70 });
  const settle = line.took();
  const letGo = line.took();
  now = 3000;
  settle(0.25);
  table.stored(block('web-1', 5));
  line.rejected(2);
  expect(table.rows).toEqual([
    {
      id: 'web-1',
      ...{ connections: 1, peer: '10.0.0.1:999', version: '1.2.3', level: 4, backlog: 70 },
      ...{ storedEntries: 5, rejectedEntries: 2, rawBytes: 50, archivedBytes: 5 },
      ...{ ackSeconds: 0.25, ackedAtMs: 3000, waiting: 1, waitingSinceMs: 3000 },
    },
  ]);
  letGo();
  line.closed();
  line.closed();
  expect(table.rows[0]).toMatchObject({ connections: 0, waiting: 0, ackedAtMs: 3000 });
});

test('who makes up ids gets no more rows, and what they did is still counted', () => {
  const table = new ShipperTable();
  const stays = table.opened('stays', 'a:1');
  for (let id = 0; id < 5 * MAX_ROWS; id += 1) table.stored(block(`made-up-${id}`));
  const { rows } = table;
  expect(rows).toHaveLength(MAX_ROWS + 1);
  expect(rows.at(-1)).toMatchObject({ id: OTHER, storedEntries: 4 * MAX_ROWS + 1 });
  expect(rows.reduce((sum, row) => sum + row.storedEntries, 0)).toBe(5 * MAX_ROWS);
  expect(rows.some(({ id }) => id === 'stays')).toBe(true);
  stays.closed();
});

test('what a row that is given up had stored is in no rate', () => {
  const table = new ShipperTable();
  table.stored(block('early', 1000));
  for (let id = 0; id < MAX_ROWS; id += 1) table.opened(`web-${id}`, 'a:1');
  table.stored(block('late', 3));
  const { rows } = table;
  expect(rows.at(-1)).toMatchObject({ id: OTHER, storedEntries: 1003, archivedBytes: 1003 });
  expect(rows.map(entriesAsTheyCame).at(-1)).toBe(3);
  expect(rows.map(bytesAsTheyCame).at(-1)).toBe(3);
});

test('where all that have a row are connected a further one is counted among the others', () => {
  const table = new ShipperTable();
  for (let id = 0; id < MAX_ROWS; id += 1) table.opened(`web-${id}`, 'a:1');
  const late = table.opened('late', 'a:2');
  late.said({ version: '9' });
  late.took()(0.1);
  table.stored(block('late', 3));
  const other = table.rows.at(-1);
  expect(other).toMatchObject({ id: OTHER, connections: 1, storedEntries: 3, peer: '' });
  expect(other).not.toHaveProperty('version');
  late.closed();
  expect(table.rows.at(-1)).toMatchObject({ id: OTHER, connections: 0 });
});
