/** Reads every block of one archive and holds every shipper to its numbers there. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { BlockHeader } from '../archive/block.ts';
import { damageOf, findBlock, readBlocks, type StoredBlock } from '../archive/block_reader.ts';
import { hasDeleted } from '../archive/deleted.ts';
import { begunAtMs } from '../archive/retention.ts';
import { compareSegments, listSegments, type SegmentName } from '../archive/segment_name.ts';
import { isFolderLocked } from '../base/folder_lock.ts';
import { mapInOrder } from '../base/in_order.ts';
import { countEntries } from '../wire/ndjson.ts';
import { ShipperAudit } from './shipper_audit.ts';

/** Bodies inflated at once. */
const AT_ONCE = 4;

/** A segment's name says to the second when it was begun. */
const STAMP_MS = 1000;

/** What an archive holds. */
export interface AuditCounts {
  readonly segments: number;
  readonly blocks: number;
  readonly entries: number;
  readonly bytes: number;
}

/** Behind what was read; `offset` is undefined where nothing more of the segment can be. */
interface Place {
  readonly segment: SegmentName;
  readonly offset: number | undefined;
}

export class ArchiveAudit {
  readonly folder: string;
  readonly shippers = new Map<string, ShipperAudit>();
  readonly problems: string[] = [];
  readonly notes = new Set<string>();
  /** A segment was deleted before it was read. */
  hasLostSegment = false;
  /** What was received before this moment may have been here once: retention deletes the oldest. */
  keptFromMs = -Infinity;
  readonly counts: { -readonly [Count in keyof AuditCounts]: number } = {
    segments: 0,
    blocks: 0,
    entries: 0,
    bytes: 0,
  };
  #place: Place | undefined;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** Reads what there is, and after that what came meanwhile. Throws where the folder can't be read. */
  async read(): Promise<void> {
    const segments = await listSegments(this.folder);
    this.keptFromMs = await this.#keptFromMs(segments[0]);
    for (const segment of segments) {
      const order = this.#place === undefined ? 1 : compareSegments(segment, this.#place.segment);
      if (order < 0) continue;
      try {
        if (order > 0) await this.#begin(segment);
        await this.#segment(segment, segment === segments.at(-1));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
        this.#wasDeleted(segment);
      }
    }
  }

  /** What went before a segment had been received when that one was begun: blocks themselves may lie in another order. */
  async #keptFromMs(oldest: SegmentName | undefined): Promise<number> {
    if (!(await hasDeleted(this.folder))) return -Infinity;
    return oldest === undefined ? Infinity : begunAtMs(oldest) + STAMP_MS;
  }

  /** Retention deletes the oldest while they are read: what such a one held is not missing. */
  #wasDeleted({ name }: SegmentName): void {
    this.hasLostSegment = true;
    this.notes.add(`${name} was deleted meanwhile`);
    for (const shipper of this.shippers.values()) shipper.excuseHole();
  }

  async #begin(segment: SegmentName): Promise<void> {
    this.counts.bytes += (await stat(join(this.folder, segment.name))).size;
    this.counts.segments += 1;
    this.#place = { segment, offset: 0 };
  }

  async #segment(segment: SegmentName, isNewest: boolean): Promise<void> {
    for (let from = this.#place?.offset; from !== undefined;)
      from = await this.#blocksFrom(segment, from, isNewest);
  }

  /** Audits blocks up to the end or to damage; the answer is where blocks begin again behind it. */
  async #blocksFrom(segment: SegmentName, from: number, isNewest: boolean): Promise<number | undefined> {
    let reached = from;
    try {
      for await (const { block, problem } of mapInOrder(
        readBlocks(this.folder, segment, from),
        AT_ONCE,
        inspect,
      )) {
        reached = block.endOffset;
        if (problem === undefined) this.#count(block);
        else this.problems.push(problem);
      }
      this.#place = { segment, offset: reached };
      return undefined;
    } catch (error) {
      const damage = damageOf(error);
      if (damage === undefined) throw error;
      if (isNewest && damage.isTorn && (await isFolderLocked(this.folder))) {
        this.notes.add(`${segment.name} is being written: its last block is not yet whole`);
        this.#place = { segment, offset: reached };
        return undefined;
      }
      this.#place = { segment, offset: undefined };
      this.problems.push((error as Error).message);
      return findBlock(this.folder, segment, Math.max(reached, damage.nextAt));
    }
  }

  #count({ header, position }: StoredBlock): void {
    this.counts.blocks += 1;
    this.counts.entries += header.count;
    const known = this.shippers.get(header.shipperId);
    const shipper = known ?? new ShipperAudit(header.shipperId);
    if (known === undefined) this.shippers.set(header.shipperId, shipper);
    const problem = shipper.follow(header);
    if (problem !== undefined)
      this.problems.push(`${position.segment} at byte ${position.offset}: ${problem}`);
  }
}

/** Reads a block's body; damage to it is an answer, so that the blocks behind it are audited too. */
async function inspect(block: StoredBlock): Promise<{ block: StoredBlock; problem?: string }> {
  try {
    const problem = miscount(block.header, await block.read());
    return problem === undefined
      ? { block }
      : { block, problem: `${block.position.segment} at byte ${block.position.offset}: ${problem}` };
  } catch (error) {
    if (damageOf(error) === undefined) throw error;
    return { block, problem: (error as Error).message };
  }
}

function miscount({ count }: BlockHeader, raw: Buffer): string | undefined {
  try {
    const entries = countEntries(raw);
    return entries === count ? undefined : `it holds ${entries} entries where its header says ${count}`;
  } catch (error) {
    return (error as Error).message;
  }
}
