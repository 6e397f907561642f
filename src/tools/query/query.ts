/** `query`: looks for entries in one or several archives, and writes them as they are found. */
import type { Writable } from 'node:stream';
import type { FoundBlock } from '../../query/found.ts';
import { followBlocks } from '../../query/follow_blocks.ts';
import { parseQuery, type Query } from '../../query/query.ts';
import { QueryError } from '../../query/query_error.ts';
import { searchArchives } from '../../query/search_archives.ts';
import { ProgressBar, type Terminal } from './progress_bar.ts';
import { queryFormat } from './query_format.ts';
import type { QueryFlags } from './query_flags.ts';
import { Telling } from './telling.ts';
import { together, writeOut } from './write_out.ts';

export interface QueryCommandFlags extends QueryFlags {
  /** json, text or csv. */
  readonly format?: string;
  readonly limit?: string;
  readonly count?: boolean;
  /** Goes on with what comes. */
  readonly follow?: boolean;
  /** Answers this question of the entries found, which are the table `logs`. */
  readonly sql?: string;
}

export interface QueryStreams {
  readonly output: Writable & { readonly isTTY?: boolean };
  /** Where progress and damage are told. */
  readonly errors: Terminal;
}

/** As a shell has it of a program that was interrupted. */
const INTERRUPTED = 130;

/**
 * Writes what is found to `output`, until there is no more, `--limit` is reached or `stop` aborts. The answer is the exit code: 1
 * where a part of an archive can't be read, which is told; 130 where `stop` left no whole answer to write, of `--count` and
 * `--sql`. Who has seen enough and closes the pipe is no error.
 * Throws QueryError for flags that say nothing, and what reading throws.
 */
export async function query(
  folders: readonly string[],
  flags: QueryCommandFlags,
  { output, errors }: QueryStreams,
  stop: AbortSignal,
): Promise<0 | 1 | typeof INTERRUPTED> {
  const search = parseQuery(flags, Date.now());
  const limit = limitOf(flags);
  using bar = new ProgressBar(errors);
  const telling = new Telling(folders, bar, errors);
  const asked = { search, limit, stop, telling };
  try {
    await writeOut(answer(asked, flags, output.isTTY === true), output);
  } catch (error) {
    if (stop.aborted && error === stop.reason) return INTERRUPTED;
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
  }
  return telling.isDamaged ? 1 : 0;
}

interface Asked {
  readonly search: Query;
  readonly limit: number;
  readonly stop: AbortSignal;
  readonly telling: Telling;
}

/** What is written for these flags. */
function answer(asked: Asked, flags: QueryCommandFlags, isTerminal: boolean): AsyncIterable<Buffer | string> {
  const { format, count, follow, sql } = flags;
  if (count === true && follow === true)
    throw new QueryError('--count and --follow: there is no end to count to');
  if (sql === undefined) return count === true ? counted(asked) : written(asked, flags, isTerminal);
  if (count === true || follow === true || flags.limit !== undefined)
    throw new QueryError('--sql stands alone, with what narrows the search: count, limit and order in SQL');
  return sqlAnswer(asked, sql, format, isTerminal);
}

/** Most questions need none of this: it is loaded for those that do. */
async function* sqlAnswer(
  asked: Asked,
  sql: string,
  format: string | undefined,
  isTerminal: boolean,
): AsyncGenerator<string> {
  const { answerSql } = await import('./sql.ts');
  const { sqlFormat } = await import('./sql_format.ts');
  yield* answerSql(sql, allNow(asked), sqlFormat(format, isTerminal));
}

async function* counted(asked: Asked): AsyncGenerator<string> {
  let count = 0;
  for await (const block of foundNow(asked, 'count')) count += block.count;
  asked.stop.throwIfAborted();
  yield `${count}\n`;
}

async function* written(
  asked: Asked,
  { format: name, follow }: QueryCommandFlags,
  isTerminal: boolean,
): AsyncGenerator<Buffer | string> {
  const format = queryFormat(name, isTerminal);
  if (format.head !== '') yield format.head;
  for await (const block of follow === true ? foundAndComing(asked) : foundNow(asked)) {
    if (isTerminal) asked.telling.clear();
    yield* together(format.write(block));
  }
}

async function* foundNow(
  { search, limit, stop, telling }: Asked,
  wanted: 'lines' | 'count' = 'lines',
): AsyncGenerator<FoundBlock> {
  const archives = telling.archives.map((report) => ({ folder: report.folder, report }));
  for await (const block of searchArchives(archives, search, wanted, { limit, signal: stop })) {
    telling.found(block);
    yield block;
  }
}

/** As `foundNow`; throws the reason of `stop` where it is not all. */
async function* allNow(asked: Asked): AsyncGenerator<FoundBlock> {
  yield* foundNow(asked);
  asked.stop.throwIfAborted();
}

/** What there is, and then what comes. */
async function* foundAndComing(asked: Asked): AsyncGenerator<FoundBlock> {
  const { search, limit, stop, telling } = asked;
  let left = limit;
  for await (const block of foundNow(asked)) {
    left -= block.count;
    yield block;
  }
  if (left <= 0) return;
  const archives = telling.archives.map((report) => ({
    folder: report.folder,
    position: report.end,
    report,
  }));
  yield* followBlocks(archives, search, { limit: left, signal: stop });
}

function limitOf({ limit }: QueryCommandFlags): number {
  if (limit === undefined) return Infinity;
  if (!/^[1-9]\d{0,14}$/.test(limit))
    throw new QueryError(`--limit is ${JSON.stringify(limit)}: expected a number of entries, from 1`);
  return Number(limit);
}
