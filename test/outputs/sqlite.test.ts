import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { AT_START } from '../../src/outputs/output.ts';
import { sqliteOutput } from '../../src/outputs/sqlite.ts';
import { rowsFrom } from '../helpers/rows.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';

const STATE = { ...AT_START, position: { segment: 'logs_20260131_120000.jsonl.gz', offset: 5 } };

function query(file: string, sql: string): Record<string, unknown>[] {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    return database
      .prepare(sql)
      .all()
      .map((row) => ({ ...row }));
  } finally {
    database.close();
  }
}

const numbered = (from: number, count: number) =>
  Array.from({ length: count }, (_, index) => ({ n: from + index }));
const numbers = (file: string): unknown[] =>
  query(file, "SELECT rest ->> 'n' AS n FROM logs ORDER BY id").map(({ n }) => n);

describe('the output sqlite', () => {
  test('has a row an entry, and a view with times for people', async () => {
    await using folder = await temporaryFolder();
    const plan = sqliteOutput({ file: folder.in('deep', 'logs.db') });
    await using output = await plan.open();
    const entry = {
      time: '2026-01-01T00:00:00.125Z',
      level: 30,
      service: 'api',
      host: 'h',
      message: "'; DROP",
      tags: ['x'],
      big: 1,
    };
    await output.write(rowsFrom([entry, {}]));
    await output.save(STATE);
    expect(query(plan.file, 'SELECT * FROM logs')).toEqual([
      {
        id: 1,
        time: Date.UTC(2026, 0, 1, 0, 0, 0, 125),
        level: 'INFO',
        service: 'api',
        host: 'h',
        message: "'; DROP",
        tags: '["x"]',
        rest: '{"big":1}',
        shipper: 'web-1',
      },
      {
        id: 2,
        time: Date.UTC(2026, 0, 31, 12),
        level: null,
        service: null,
        host: null,
        message: null,
        tags: null,
        rest: '{}',
        shipper: 'web-1',
      },
    ]);
    expect(query(plan.file, 'SELECT time FROM logs_readable WHERE id = 1')).toEqual([
      { time: '2026-01-01T00:00:00.125Z' },
    ]);
    expect(query(plan.file, 'PRAGMA journal_mode')).toEqual([{ journal_mode: 'wal' }]);
  });

  test.each([
    ['SELECT * FROM logs WHERE time > 5', 'logs_time'],
    ["SELECT * FROM logs WHERE level = 'ERROR' AND time > 5", 'logs_level'],
    ["SELECT * FROM logs WHERE service = 'api' AND time > 5", 'logs_service'],
  ])('%s uses an index', async (sql, index) => {
    await using folder = await temporaryFolder();
    const plan = sqliteOutput({ file: folder.in('logs.db') });
    await (await plan.open())[Symbol.asyncDispose]();
    expect(JSON.stringify(query(plan.file, `EXPLAIN QUERY PLAN ${sql}`))).toContain(index);
  });

  test('holds blocks of any number of entries, in order', async () => {
    await using folder = await temporaryFolder();
    const plan = sqliteOutput({ file: folder.in('logs.db') });
    await using output = await plan.open();
    let n = 0;
    for (const count of [1, 15, 16, 17, 32, 33, 0, 500]) {
      await output.write(rowsFrom(numbered(n, count)));
      n += count;
    }
    await output.save(STATE);
    expect(numbers(plan.file)).toEqual(Array.from({ length: n }, (_, index) => index));
  });

  test('shows and keeps what was saved, and nothing of what was not', async () => {
    await using folder = await temporaryFolder();
    const plan = sqliteOutput({ file: folder.in('logs.db') });
    {
      await using output = await plan.open();
      expect(output.saved).toBeUndefined();
      await output.write(rowsFrom(numbered(0, 3)));
      expect(numbers(plan.file)).toEqual([]);
      await output.save(STATE);
      await output.write(rowsFrom(numbered(3, 30)));
    }
    expect(numbers(plan.file)).toEqual([0, 1, 2]);
    await using output = await plan.open();
    expect(output.saved).toEqual(STATE);
    await output.write(rowsFrom(numbered(3, 1)));
    await output.save({ ...STATE, entries: 4 });
    expect(numbers(plan.file)).toEqual([0, 1, 2, 3]);
  });

  test('that is reset is empty, and has nothing saved', async () => {
    await using folder = await temporaryFolder();
    const plan = sqliteOutput({ file: folder.in('logs.db') });
    {
      await using output = await plan.open();
      await output.write(rowsFrom(numbered(0, 3)));
      await output.save(STATE);
    }
    await plan.reset();
    await using output = await plan.open();
    expect(output.saved).toBeUndefined();
    expect(numbers(plan.file)).toEqual([]);
  });

  test('lives beside other tables, but not with a table logs of somebody else', async () => {
    await using folder = await temporaryFolder();
    for (const [table, isFine] of [
      ['others', true],
      ['logs', false],
    ] as const) {
      const file = folder.in(`${table}.db`);
      const database = new DatabaseSync(file);
      database.exec(`CREATE TABLE ${table} (a); INSERT INTO ${table} VALUES (1)`);
      database.close();
      const opening = sqliteOutput({ file }).open();
      if (isFine) await (await opening)[Symbol.asyncDispose]();
      else await expect(opening).rejects.toThrow('logs that no follower made');
      expect(query(file, `SELECT a FROM ${table}`)).toEqual([{ a: 1 }]);
    }
  });
});
