/**
 * One chunk from Redis to the files. The chunk's number is saved with its entries in the files, and set in Redis with the
 * same stroke that forgets them there:
 *
 *     the last chunk is forgotten ─▶ lists taken away (RENAMENX) ─▶ read ─▶ files.append (n + 1) ─▶ forget (LTRIM … SET n + 1)
 *
 * Whoever goes on after a kill sees by the two numbers whether the last chunk has still to be forgotten.
 */
import { inSlices } from '../each_of.ts';
import type { DrainedList } from '../places.ts';
import type { Prepared, Turn } from '../user_files.ts';
import { UserFilesError } from '../user_files_error.ts';
import type { ListName } from './list_key.ts';
import type { DrainMark, RedisLists, TakenList } from './redis_lists.ts';

/** A chunk is no more than this, whatever waits: entries, and about so many bytes. */
const MAX_ENTRIES = 10_000;
const MAX_BYTES = 8 * 1024 * 1024;

const NEWLINE = 0x0a;
const SPACE = 0x20;

export interface Chunk {
  readonly entries: number;
  readonly written: readonly ListName[];
  /** Lists of which there is more. */
  readonly unfinished: readonly TakenList[];
  readonly failed: readonly FailedList[];
}

/** A list whose file can't be written, while others can. */
export interface FailedList {
  readonly list: ListName;
  readonly error: Error;
}

/** Moves the first entries of these lists. Rejects with BufferUnavailable, UserFilesError or the file system's error. */
export async function drainChunk(
  turn: Turn,
  lists: RedisLists,
  names: readonly ListName[],
  files: { readonly id: string; readonly found: (finding: string) => void },
): Promise<Chunk> {
  const last = await settle(turn, lists, files);
  const taken = await lists.take(names);
  const wanted = plan(taken);
  const heads = await lists.heads(wanted);
  const ready: (DrainedList & { readonly prepared: Prepared })[] = [];
  const failed: FailedList[] = [];
  await inSlices([...wanted.entries()], ([index, { list }]) => {
    const { userId, day } = list;
    const head = heads[index] ?? [];
    try {
      const prepared = turn.prepare({ userId, day, lines: linesOf(head) });
      ready.push({ userId, day, entries: head.length, prepared });
    } catch (error) {
      failed.push({ list: { userId, day }, error: error as Error });
    }
  });
  if (ready.length > 0) {
    const chunk = last + 1;
    const drained = ready.map(({ userId, day, entries }) => ({ userId, day, entries }));
    await turn.append(
      ready.map(({ prepared }) => prepared),
      { drained: { chunk, lists: drained } },
    );
    await lists.forget(drained, { filesId: files.id, chunk });
  }
  const done = new Map(wanted.map(({ list, entries }) => [list, entries]));
  return {
    entries: ready.reduce((sum, { entries }) => sum + entries, 0),
    written: ready,
    unfinished: taken
      .map((list) => ({ ...list, entries: list.entries - (done.get(list) ?? 0) }))
      .filter(({ entries, isOld }) => entries > 0 || isOld),
    failed,
  };
}

/** Forgets the last chunk where a kill or an outage came between; the answer is its number. */
async function settle(
  { places }: Turn,
  lists: RedisLists,
  { id, found }: { readonly id: string; readonly found: (finding: string) => void },
): Promise<number> {
  const { chunk, lists: drained } = places.drained ?? { chunk: 0, lists: [] };
  const mark = await lists.mark();
  if (mark !== undefined && mark.filesId !== id)
    throw new UserFilesError(
      'other_files',
      `this Redis is drained into other files (${mark.filesId}; these are ${id}): a user's day would be torn in two. Where those are no more, delete the key logs:drained`,
    );
  if (mark?.chunk === chunk) return chunk;
  const now: DrainMark = { filesId: id, chunk: Math.max(chunk, mark?.chunk ?? 0) };
  await lists.forget(mark?.chunk === chunk - 1 ? drained : [], now);
  if (mark === undefined ? chunk > 0 : mark.chunk < chunk - 1)
    found('Redis lost its latest writes (see its appendfsync): entries may be missing, or come twice');
  if (mark !== undefined && mark.chunk > chunk)
    found('the files lost their latest writes, which Redis holds no more: entries are missing');
  return now.chunk;
}

/** How many entries of each list make a chunk. */
function plan(taken: readonly TakenList[]): { list: TakenList; entries: number }[] {
  const wanted: { list: TakenList; entries: number }[] = [];
  let entriesLeft = MAX_ENTRIES;
  let bytesLeft = MAX_BYTES;
  for (const list of taken.filter(({ entries }) => entries > 0)) {
    if (entriesLeft <= 0 || bytesLeft <= 0) break;
    const each = Math.max(1, list.bytes / list.entries);
    const entries = Math.min(list.entries, entriesLeft, Math.max(1, Math.floor(bytesLeft / each)));
    wanted.push({ list, entries });
    entriesLeft -= entries;
    bytesLeft -= entries * each;
  }
  return wanted;
}

/** An entry a line. A line break in one is white space between its members: JSON has it nowhere else. */
function linesOf(entries: readonly Buffer[]): Buffer {
  const bytes = Buffer.allocUnsafe(entries.reduce((sum, { length }) => sum + length + 1, 0));
  let at = 0;
  for (const entry of entries) {
    entry.copy(bytes, at);
    for (let break_ = entry.indexOf(NEWLINE); break_ !== -1; break_ = entry.indexOf(NEWLINE, break_ + 1))
      bytes[at + break_] = SPACE;
    at += entry.length;
    bytes[at++] = NEWLINE;
  }
  return bytes;
}
