/**
 * Old segments are deleted, whole and oldest first, so that what is left has no hole. Never the newest; and none before
 * a checkpoint counts it in: a shipper whose blocks are all gone still goes on where it was. One that a follower has
 * still to read is kept, up to the hard limits.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { systemDisk, type Disk } from './disk.ts';
import { damageOf, readBlocks } from './block_reader.ts';
import { noteDeletion } from './deleted.ts';
import { addLoss, readPlaces, type FollowerPlace } from './follower_places.ts';
import { compareSegments, listSegments, parseSegmentName, type SegmentName } from './segment_name.ts';

/** 0 stands for no limit. */
export interface RetentionLimits {
  /** What all segments together may take. */
  readonly maxBytes: number;
  /** A segment goes when the one after it was begun longer ago than this: all it holds is older then. */
  readonly maxAgeMs: number;
  /** What they may take while a follower has still to read the oldest; 0 or left out: twice `maxBytes`. Of age it is always twice. */
  readonly hardMaxBytes?: number;
}

export interface StoredSegment extends SegmentName {
  readonly bytes: number;
}

/** The segments past the limits, of these in order, oldest first; the last one never is. */
export function overdueSegments(
  segments: readonly StoredSegment[],
  { maxBytes, maxAgeMs }: RetentionLimits,
  nowMs: number,
): StoredSegment[] {
  let bytes = segments.reduce((sum, segment) => sum + segment.bytes, 0);
  let count = 0;
  for (const [index, segment] of segments.entries()) {
    const next = segments[index + 1];
    if (next === undefined) break;
    const isTooMuch = maxBytes > 0 && bytes > maxBytes;
    const isTooOld = maxAgeMs > 0 && nowMs - begunAtMs(next) > maxAgeMs;
    if (!isTooMuch && !isTooOld) break;
    bytes -= segment.bytes;
    count += 1;
  }
  return segments.slice(0, count);
}

/** Of the overdue segments those that may go: all before `needed`, the first that a follower has to read, and what is past the hard limits. */
export function deletableSegments(
  segments: readonly StoredSegment[],
  limits: RetentionLimits,
  nowMs: number,
  needed: SegmentName | undefined,
): StoredSegment[] {
  const { maxBytes, maxAgeMs, hardMaxBytes = 0 } = limits;
  const hard = { maxBytes: hardMaxBytes === 0 ? maxBytes * 2 : hardMaxBytes, maxAgeMs: maxAgeMs * 2 };
  const past = overdueSegments(segments, hard, nowMs).length;
  return overdueSegments(segments, limits, nowMs).filter(
    (segment, index) => index < past || needed === undefined || compareSegments(segment, needed) < 0,
  );
}

export interface RetentionOptions {
  readonly folder: string;
  readonly retention?: RetentionLimits;
  /** Retention is looked after at each checkpoint, and this often. */
  readonly retainEveryMs?: number;
  readonly disk?: Disk;
  readonly now?: () => number;
  readonly report?: {
    deleted?(segment: StoredSegment): void;
    found?(finding: string): void;
  };
}

const MINUTE_MS = 60_000;

/** Deletes what is past the limits, beside the writing, one run after the other. */
export class Retention {
  readonly #options: RetentionOptions;
  /** Undefined where nothing is to be deleted, or no more. */
  #timer: NodeJS.Timeout | undefined;
  /** The segment the checkpoint on disk is of: those before it are counted in. */
  #checkpointed: SegmentName | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(options: RetentionOptions) {
    this.#options = options;
    const { retention = { maxBytes: 0, maxAgeMs: 0 }, retainEveryMs = MINUTE_MS } = options;
    if (retention.maxBytes === 0 && retention.maxAgeMs === 0) return;
    this.#timer = setInterval(() => this.run(), retainEveryMs).unref();
  }

  /** Starts a run; `checkpointed` names the segment of a checkpoint just found or written. */
  run(checkpointed?: string): void {
    if (this.#timer === undefined) return;
    this.#checkpointed = parseSegmentName(checkpointed ?? '') ?? this.#checkpointed;
    this.#running = this.#running.then(async () => {
      try {
        await this.#enforce();
      } catch (error) {
        this.#options.report?.found?.(`old segments could not be deleted: ${(error as Error).message}`);
      }
    });
  }

  /** Starts no more runs, settles with the last one. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    await this.#running;
  }

  async #enforce(): Promise<void> {
    const { folder, retention, disk = systemDisk, now = Date.now, report } = this.#options;
    if (retention === undefined || this.#checkpointed === undefined) return;
    const segments: StoredSegment[] = [];
    for (const segment of await listSegments(folder))
      segments.push({ ...segment, bytes: (await stat(join(folder, segment.name))).size });
    const places = await readPlaces(folder);
    const stand = [...places.values()].map((place) => parseSegmentName(place.position?.segment ?? ''));
    const [needed] = stand
      .map((segment) => segment ?? segments[0])
      .filter((segment) => segment !== undefined)
      .sort(compareSegments);
    for (const segment of deletableSegments(segments, retention, now(), needed)) {
      if (compareSegments(segment, this.#checkpointed) >= 0) return;
      const losses = await this.#lossesBy(segment, places);
      await noteDeletion(folder, segment.name).catch((error: unknown) =>
        report?.found?.(`it could not be noted that ${segment.name} is deleted: ${(error as Error).message}`),
      );
      await disk.remove(join(folder, segment.name));
      report?.deleted?.(segment);
      for (const { name, entries } of losses) {
        await addLoss(folder, name, entries);
        report?.found?.(
          `${segment.name} went by the hard limit of retention: ${entries} entries in it are lost to the follower ${name}`,
        );
      }
    }
  }

  /** What followers lose when this segment goes. */
  async #lossesBy(
    segment: SegmentName,
    places: ReadonlyMap<string, FollowerPlace>,
  ): Promise<{ name: string; entries: number }[]> {
    const losses: { name: string; entries: number }[] = [];
    for (const [name, { position }] of places) {
      const stands = parseSegmentName(position?.segment ?? '');
      const order = stands === undefined ? -1 : compareSegments(stands, segment);
      if (order > 0) continue;
      const from = order === 0 ? (position?.offset ?? 0) : 0;
      const entries = await entriesBehind(this.#options.folder, segment, from);
      if (entries > 0) losses.push({ name, entries });
    }
    return losses;
  }
}

/** Entries of a segment behind a byte, as far as its headers can be read. */
async function entriesBehind(folder: string, segment: SegmentName, offset: number): Promise<number> {
  let entries = 0;
  try {
    for await (const { header } of readBlocks(folder, segment, offset)) entries += header.count;
  } catch (error) {
    if (damageOf(error) === undefined) throw error;
  }
  return entries;
}

/** When a segment was begun, by its name: to the second. */
export function begunAtMs({ stamp }: SegmentName): number {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)_(\d\d)(\d\d)(\d\d)$/.exec(stamp)?.map(Number) ?? [];
  return Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute, second);
}
