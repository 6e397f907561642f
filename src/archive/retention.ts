/**
 * Old segments are deleted, whole and oldest first, so that what is left has no hole. Never the newest; and none before
 * a checkpoint counts it in: a shipper whose blocks are all gone still goes on where it was.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { systemDisk, type Disk } from './disk.ts';
import { compareSegments, listSegments, parseSegmentName, type SegmentName } from './segment_name.ts';

/** 0 stands for no limit. */
export interface RetentionLimits {
  /** What all segments together may take. */
  readonly maxBytes: number;
  /** A segment goes when the one after it was begun longer ago than this: all it holds is older then. */
  readonly maxAgeMs: number;
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
    for (const segment of overdueSegments(segments, retention, now())) {
      if (compareSegments(segment, this.#checkpointed) >= 0) return;
      await disk.remove(join(folder, segment.name));
      report?.deleted?.(segment);
    }
  }
}

/** When a segment was begun, by its name: to the second. */
function begunAtMs({ stamp }: SegmentName): number {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)_(\d\d)(\d\d)(\d\d)$/.exec(stamp)?.map(Number) ?? [];
  return Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute, second);
}
