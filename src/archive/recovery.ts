/**
 * What a receiver does before it takes a block: find out what is on disk, and cut what a crash left half-written.
 *
 * A segment's tail may be torn or garbled past its last fsync; nothing there was acknowledged, so it is cut. Damage
 * before that (a worn disk) is not: the blocks behind it were acknowledged. The two are told apart by `durable bytes`
 * in the headers behind the damage: a block that was written when the damaged place was on disk.
 */
import { constants } from 'node:fs';
import { copyFile, mkdir, open, rm, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder } from '../base/atomic_file.ts';
import { damageOf, findBlock, readBlocks, type BlockDamage } from './block_reader.ts';
import { loadCheckpoint, saveCheckpoint, type Checkpoint } from './checkpoint.ts';
import type { Position, ResumePoint } from './commit_log.ts';
import { advance } from './resume.ts';
import { compareSegments, listSegments, parseSegmentName, type SegmentName } from './segment_name.ts';

/** Where the bytes that recovery cuts are kept: nothing vanishes. */
export const DAMAGED_FOLDER = 'damaged';

export interface Recovered {
  readonly resumePoints: Map<string, ResumePoint>;
  /** The segment to go on in, with its whole length; undefined where there is none. */
  readonly newest?: SegmentName & { readonly bytes: number };
  /** Where there is none: the segment after which the next one is to come, as the checkpoint counts in what comes before. */
  readonly last?: SegmentName;
  /** What was found wrong, for the log. */
  readonly findings: readonly string[];
}

/** Reads and mends the archive in `folder`. Only the newest segment is ever changed, and a checkpoint that is ahead of it. */
export async function recover(folder: string): Promise<Recovered> {
  const segments = await listSegments(folder);
  const newest = segments.at(-1);
  const checkpoint = await loadCheckpoint(folder);
  const walk = new Walk(folder, checkpoint?.resumePoints);
  const { resumePoints, findings } = walk;
  if (newest === undefined) return { resumePoints, findings, ...lastOf(checkpoint) };
  const isAhead = checkpoint !== undefined && (await isPastEnd(folder, checkpoint.position, newest));
  for (const segment of segments) {
    const isNewest = segment === newest;
    const isWhole = checkpoint === undefined || (isAhead && isNewest);
    const startAt = isWhole ? 0 : notCounted(checkpoint.position, segment);
    if (startAt !== undefined) await walk.segment(segment, { startAt, isNewest });
  }
  await makeDurable(folder, newest);
  const { size: bytes } = await stat(join(folder, newest.name));
  if (isAhead) {
    const position = { segment: newest.name, offset: bytes };
    // Else what is written next would lie before the checkpoint, and not be counted in at the next start.
    await saveCheckpoint(folder, { position, resumePoints });
    findings.push(
      `the checkpoint is of ${checkpoint.position.segment} at byte ${checkpoint.position.offset}, and the archive ends in ${newest.name} at byte ${bytes}: what was behind is lost`,
    );
  }
  return { resumePoints, newest: { ...newest, bytes }, findings };
}

/** The segment a checkpoint was written in, which is gone with all others. */
function lastOf(checkpoint: Checkpoint | undefined): Pick<Recovered, 'last'> {
  const last = parseSegmentName(checkpoint?.position.segment ?? '');
  return last === undefined ? {} : { last };
}

/** True where a checkpoint counts in more than there is: segments were deleted by hand, or a power cut took what was not synced. */
async function isPastEnd(
  folder: string,
  { segment, offset }: Position,
  newest: SegmentName,
): Promise<boolean> {
  const counted = parseSegmentName(segment);
  if (counted === undefined) return false;
  const order = compareSegments(counted, newest);
  return order > 0 || (order === 0 && offset > (await stat(join(folder, newest.name))).size);
}

/** A killed writer may have left blocks that are whole and not yet forced to disk: shippers are about to be told they are there. */
async function makeDurable(folder: string, segment: SegmentName): Promise<void> {
  await using file = await open(join(folder, segment.name), 'r+');
  await file.datasync();
  await syncFolder(folder);
}

/** Where the blocks begin that a checkpoint at `position` does not count in; undefined where it counts the whole segment. */
function notCounted(position: Position, segment: SegmentName): number | undefined {
  const last = parseSegmentName(position.segment);
  if (last === undefined) return 0;
  const order = compareSegments(segment, last);
  if (order === 0) return position.offset;
  return order < 0 ? undefined : 0;
}

class Walk {
  readonly #folder: string;
  readonly resumePoints: Map<string, ResumePoint>;
  readonly findings: string[] = [];

  constructor(folder: string, resumePoints: ReadonlyMap<string, ResumePoint> = new Map()) {
    this.#folder = folder;
    this.resumePoints = new Map(resumePoints);
  }

  /** Counts in the blocks of a segment; in the newest it reads every body too, and cuts the tail. */
  async segment(
    segment: SegmentName,
    { startAt, isNewest }: { startAt: number; isNewest: boolean },
  ): Promise<void> {
    for (let at: number | undefined = startAt; at !== undefined;) {
      const damage = await this.#blocksFrom(segment, at, isNewest);
      if (damage === undefined) return;
      const next = await this.#behind(segment, damage, isNewest);
      if (next === undefined && isNewest) await this.#cut(segment, damage);
      else
        this.findings.push(
          `damage in ${segment.name} at byte ${damage.position.offset}: ${damage.message}; kept as it is`,
        );
      at = next;
    }
  }

  async #blocksFrom(segment: SegmentName, from: number, isNewest: boolean): Promise<BlockDamage | undefined> {
    try {
      for await (const { header, read } of readBlocks(this.#folder, segment, from)) {
        if (isNewest) await read();
        this.resumePoints.set(header.shipperId, advance(this.resumePoints.get(header.shipperId), header));
      }
    } catch (error) {
      const damage = damageOf(error);
      if (damage === undefined) throw error;
      return damage;
    }
    return undefined;
  }

  /** Where acknowledged blocks go on behind the damage, if they do. In a closed segment all were acknowledged. */
  async #behind(
    segment: SegmentName,
    { position, nextAt }: BlockDamage,
    isNewest: boolean,
  ): Promise<number | undefined> {
    for (let at = await findBlock(this.#folder, segment, nextAt); at !== undefined;) {
      if (!isNewest || (await this.#wasDurable(segment, at, position.offset))) return at;
      at = await findBlock(this.#folder, segment, at + 1);
    }
    return undefined;
  }

  /** True where the block at `at` proves that the damaged place was on disk before it. */
  async #wasDurable(segment: SegmentName, at: number, damagedAt: number): Promise<boolean> {
    try {
      for await (const { header } of readBlocks(this.#folder, segment, at))
        return header.durableBytes > damagedAt;
    } catch (error) {
      if (damageOf(error) === undefined) throw error;
    }
    return false;
  }

  async #cut(segment: SegmentName, { position, message }: BlockDamage): Promise<void> {
    const path = join(this.#folder, segment.name);
    const { size } = await stat(path);
    const kept = await keepCopy(
      path,
      join(this.#folder, DAMAGED_FOLDER),
      `${segment.name}.at_${position.offset}`,
    );
    await truncate(path, position.offset);
    await using file = await open(path, 'r+');
    await file.sync();
    this.findings.push(
      `cut ${size - position.offset} unacknowledged bytes off ${segment.name} at byte ${position.offset} (${message}); ${kept === undefined ? 'there was no room to keep them' : `the file as it was: ${kept}`}`,
    );
  }
}

/**
 * Copies a file to `folder/name.bad`, or `name.1.bad` and so on where that is taken; the answer is where, or undefined
 * where the disk is full: that must not keep a receiver from starting, and what is cut was never acknowledged.
 */
async function keepCopy(path: string, folder: string, name: string): Promise<string | undefined> {
  for (let copy = 0; ; copy += 1) {
    const kept = join(folder, `${name}${copy === 0 ? '' : `.${copy}`}.bad`);
    try {
      await mkdir(folder, { recursive: true });
      await copyFile(path, kept, constants.COPYFILE_EXCL);
      return kept;
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      if (code === 'EEXIST') continue;
      if (!NO_ROOM.has(code)) throw error;
      await rm(kept, { force: true });
      return undefined;
    }
  }
}

const NO_ROOM: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT']);
