/** `query --sql`: the entries that were found as a table `logs`, for DuckDB. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EntryTimes } from '../../archive/entry_times.ts';
import { MEMBERS, PINO_LEVELS } from '../../outputs/columns.ts';
import type { FoundBlock } from '../../query/found.ts';
import { LEVEL_MEMBERS } from '../../entry/level_members.ts';
import { loadDuckDb, type Connection, type DuckDb, type Result } from './duckdb.ts';

/** Rows handed over at a time: a vector of DuckDB holds no more. */
const ROWS_AT_ONCE = 2048;

const NEWLINE = 0x0a;

const firstOf = (names: readonly string[]): string =>
  `coalesce(${names.map((name) => `entry->>'${name}'`).join(', ')})`;

const LEVEL_NAMES = Object.entries(PINO_LEVELS)
  .map(([number, name]) => `when '${number}' then '${name}'`)
  .join(' ');

const TABLE = 'create table lines(line varchar, "time" timestamp, shipper varchar)';

/** What is not in it is in `entry`: `entry->>'user_id'`. A line that is no JSON has an `entry` that is null. */
const VIEW = `create view logs as
  with parsed as (select "time", shipper, line, try_cast(line as json) as entry from lines)
  select "time",
    case ${firstOf(LEVEL_MEMBERS)} ${LEVEL_NAMES} else upper(trim(${firstOf(LEVEL_MEMBERS)})) end as level,
    ${firstOf(MEMBERS.service)} as service,
    ${firstOf(MEMBERS.host)} as host,
    ${firstOf(MEMBERS.message)} as message,
    case json_type(entry->'tags') when 'ARRAY' then try_cast(entry->'tags' as varchar[])
      when 'VARCHAR' then [entry->>'tags'] end as tags,
    shipper, entry, line
  from parsed`;

/** Answers `sql` of these entries. They lie in memory, and in a temporary folder as far as they do not fit. Throws QueryError where DuckDB is not installed, and what DuckDB throws: for a question that is wrong, before it takes an entry. */
export async function* answerSql(
  sql: string,
  blocks: AsyncIterable<FoundBlock>,
  write: (result: Result) => AsyncIterable<string>,
  duck: DuckDb = loadDuckDb(),
): AsyncGenerator<string> {
  const folder = await mkdtemp(join(tmpdir(), 'logferry-sql-'));
  try {
    const instance = await duck.DuckDBInstance.create(':memory:', { temp_directory: folder });
    const connection = await instance.connect();
    try {
      await connection.run(TABLE);
      await connection.run(VIEW);
      await check(connection, sql);
      await load(duck, connection, blocks);
      yield* write(await connection.stream(sql));
    } finally {
      connection.closeSync();
      instance.closeSync();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Of several statements the first alone: those behind it may ask for what it makes. */
async function check(connection: Connection, sql: string): Promise<void> {
  const statements = await connection.extractStatements(sql);
  (await statements.prepare(0)).destroySync();
}

async function load(duck: DuckDb, connection: Connection, blocks: AsyncIterable<FoundBlock>): Promise<void> {
  const appender = await connection.createAppender('lines');
  const types = [duck.VARCHAR, duck.TIMESTAMP, duck.VARCHAR];
  for await (const block of blocks)
    for (const columns of columnsOf(block, duck)) {
      const chunk = duck.DuckDBDataChunk.create(types);
      chunk.setColumns(columns);
      appender.appendDataChunk(chunk);
    }
  appender.closeSync();
}

/** The entries of a block, some at a time: their lines, times and shippers. */
function* columnsOf(
  { lines, receivedAtMs, shipperId }: FoundBlock,
  { DuckDBTimestampValue }: DuckDb,
): Generator<unknown[][]> {
  const times = new EntryTimes();
  let columns: [unknown[], unknown[], unknown[]] = [[], [], []];
  for (let start = 0; start < lines.length;) {
    const end = lines.indexOf(NEWLINE, start);
    const ms = times.timeOf(lines, start, end) ?? receivedAtMs;
    columns[0].push(lines.toString('utf8', start, end));
    columns[1].push(new DuckDBTimestampValue(BigInt(ms) * 1000n));
    columns[2].push(shipperId);
    start = end + 1;
    if (columns[0].length < ROWS_AT_ONCE && start < lines.length) continue;
    yield columns;
    columns = [[], [], []];
  }
}
