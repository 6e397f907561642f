/**
 * The archive as the buffer of users' entries: they are durable in it, and the output `users` writes their files from it.
 * What that output has not written yet is what waits.
 */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { LOCAL_SHIPPER_PREFIX } from '../../../archive/block.ts';
import type { Position, ReceiverLog } from '../../../archive/commit_log.ts';
import { ArchiveReader } from '../../../archive/follow.ts';
import { compareSegments, parseSegmentName } from '../../../archive/segment_name.ts';
import { linesBetween } from '../../../users/day_lines.ts';
import { dayFileOf, folderNameOf } from '../../../users/file_name.ts';
import {
  BufferUnavailable,
  dayOf,
  type Drained,
  type UserBuffer,
  type UserEntry,
  type WaitingEntries,
} from '../../../users/user_buffer.ts';
import type { UserFiles } from '../../../users/user_files.ts';
import type { Lines } from '../../../entry.ts';
import type { GroupCommit } from '../../group_commit.ts';

export interface ArchiveBufferOptions {
  readonly archive: ReceiverLog;
  /** The archive's. */
  readonly folder: string;
  readonly files: UserFiles;
  readonly commit: GroupCommit;
  /** How long a drain waits for the output to come nearer. */
  readonly patienceMs?: number;
}

/** Follows `@` in the shipper id of what came by HTTP. */
export const HTTP_SHIPPER_NAME = 'http';

const SHIPPER_ID = LOCAL_SHIPPER_PREFIX + HTTP_SHIPPER_NAME;

const PATIENCE_MS = 15_000;
const LOOK_EVERY_MS = 50;
const NEWLINE = 0x0a;

/** An entry that waits, as it lies in the archive. */
interface Waiting {
  readonly userId: string;
  readonly day: number;
  readonly line: Buffer;
}

export class ArchiveBuffer implements UserBuffer {
  readonly #options: ArchiveBufferOptions;
  readonly #closing = new AbortController();

  constructor(options: ArchiveBufferOptions) {
    this.#options = options;
  }

  async add(entries: readonly UserEntry[]): Promise<void> {
    const { archive, commit } = this.#options;
    const trouble = httpTroubleOf(archive);
    if (trouble !== undefined)
      throw new BufferUnavailable(`the archive can't be written: ${trouble.message}`);
    if (entries.length === 0) return;
    try {
      await commit.add(linesOf(entries));
    } catch (cause) {
      throw new BufferUnavailable(`the archive does not take it: ${(cause as Error).message}`, { cause });
    }
  }

  async waiting(): Promise<readonly WaitingEntries[]> {
    const { waiting } = await this.#count();
    return waiting;
  }

  /** Settles when the output has written what waits now. Rejects with BufferUnavailable where it comes no nearer. */
  async drain(): Promise<Drained> {
    const { waiting, end } = await this.#count();
    const { patienceMs = PATIENCE_MS } = this.#options;
    let place = await this.place();
    for (let movedAt = performance.now(); isBefore(place, end);) {
      if (performance.now() - movedAt > patienceMs)
        throw new BufferUnavailable('the output users writes nothing at the moment: the files are behind');
      await delay(LOOK_EVERY_MS, undefined, { signal: this.#closing.signal });
      const next = await this.place();
      if (isBefore(place, next)) movedAt = performance.now();
      place = next;
    }
    return { entries: waiting.reduce((sum, { entries }) => sum + entries, 0), files: waiting.length };
  }

  async *linesOf(userId: string, day: number, signal?: AbortSignal): AsyncGenerator<Buffer, void, undefined> {
    const { files } = this.#options;
    const { position, bytes } = await files.turn(
      (turn) =>
        Promise.resolve({
          position: turn.places.follower?.position,
          bytes: turn.bytesOf(userId, day),
        }),
      signal,
    );
    const path = join(files.folder, folderNameOf(userId), dayFileOf(day));
    yield* linesBetween(path, 0, bytes, signal);
    yield* this.linesBehind(position, userId, day, signal);
  }

  /** Up to where all is in the files. */
  place(signal?: AbortSignal): Promise<Position | undefined> {
    return this.#options.files.turn((turn) => Promise.resolve(turn.places.follower?.position), signal);
  }

  /** The entries of a user's day that lie behind this position. */
  async *linesBehind(
    position: Position | undefined,
    userId: string,
    day: number,
    signal?: AbortSignal,
  ): AsyncGenerator<Buffer, void, undefined> {
    await this.#options.archive.published();
    await using reader = this.#reader(position);
    for await (const entry of entriesOf(reader)) {
      signal?.throwIfAborted();
      if (entry.userId === userId && entry.day === day) yield entry.line;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    return Promise.resolve();
  }

  /** What waits now, by user and day, and where the last of it ends. */
  async #count(): Promise<{ waiting: WaitingEntries[]; end: Position | undefined }> {
    await this.#options.archive.published();
    const byUser = new Map<string, Map<number, number>>();
    await using reader = this.#reader(await this.place());
    let end: Position | undefined;
    for await (const { userId, day } of entriesOf(reader)) {
      end = reader.position;
      const days = byUser.get(userId) ?? new Map<number, number>();
      byUser.set(userId, days.set(day, (days.get(day) ?? 0) + 1));
    }
    const waiting = [...byUser].flatMap(([userId, days]) =>
      [...days].map(([day, entries]) => ({ userId, day, entries })),
    );
    return { waiting, end };
  }

  #reader(position: Position | undefined): ArchiveReader {
    return new ArchiveReader(this.#options.folder, position);
  }
}

/** Why the log takes nothing that comes by HTTP at the moment, if so. */
export const httpTroubleOf = (log: ReceiverLog): Error | undefined =>
  log.troubleOf(SHIPPER_ID + log.localSuffix);

/** Entries that lie one behind the other in memory, as those of one body do, are not copied. */
function linesOf(entries: readonly UserEntry[]): Lines {
  const count = entries.length;
  const [first] = entries;
  if (first === undefined) return { bytes: Buffer.alloc(0), count };
  let end = first.line.byteOffset;
  for (const { line } of entries) {
    if (line.buffer !== first.line.buffer || line.byteOffset !== end)
      return { bytes: Buffer.concat(entries.map((entry) => entry.line)), count };
    end += line.length;
  }
  const { buffer, byteOffset } = first.line;
  return { bytes: Buffer.from(buffer, byteOffset, end - byteOffset), count };
}

/** What came by HTTP, from where the reader stands to the end of what is durable. */
async function* entriesOf(reader: ArchiveReader): AsyncGenerator<Waiting, void, undefined> {
  for (let block = await reader.next(); block !== undefined; block = await reader.next()) {
    if (block.header.shipperId !== SHIPPER_ID) continue;
    const { raw } = block;
    for (let start = 0; start < raw.length;) {
      const end = raw.indexOf(NEWLINE, start);
      const line = raw.subarray(start, end);
      const { user_id: userId, timestamp } = JSON.parse(line.toString('utf8')) as LogEventText;
      yield { userId, day: dayOf(timestamp), line };
      start = end + 1;
    }
  }
}

/** It was checked when it came. */
interface LogEventText {
  readonly user_id: string;
  readonly timestamp: number;
}

/** Nothing is before the first block. */
function isBefore(a: Position | undefined, b: Position | undefined): boolean {
  const [first, second] = [a, b].map((position) => position && parseSegmentName(position.segment));
  if (b === undefined || second === undefined) return false;
  if (a === undefined || first === undefined) return true;
  const order = compareSegments(first, second);
  return order < 0 || (order === 0 && a.offset < b.offset);
}
