/** Reads an archive block by block while it is written, from any thread or process. */
import { watch, type FSWatcher } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isFolderLocked } from '../base/folder_lock.ts';
import { mapInOrder } from '../base/in_order.ts';
import type { BlockHeader } from './block.ts';
import { damageOf, findBlock, readBlocks, type BlockDamage, type StoredBlock } from './block_reader.ts';
import { COMMITTED_FILE, readCommitted } from './committed.ts';
import type { Position } from './commit_log.ts';
import { ReachFinder, type OnGone, type Reach } from './follow_reach.ts';

/** A block with its entries. */
export interface ReadBlock {
  readonly header: BlockHeader;
  readonly position: Position;
  /** The NDJSON, checked; empty where it was not wanted. */
  readonly raw: Buffer;
}

/** A block as it was read from an archive. */
export interface FollowedBlock extends ReadBlock {
  /** As `StoredBlock.packed`. */
  readonly packed: Buffer;
  /** Behind it. */
  readonly endOffset: number;
}

export interface FollowReport {
  /** Acknowledged bytes can't be read: a worn disk. `entries`: how many, where a header still says so. */
  damaged?(position: Position, message: string, entries: number): void;
  gone?: OnGone;
  /** False for a block that need not be inflated; left out, all are. */
  isWanted?(header: BlockHeader): boolean;
}

/** Blocks inflated at once: the one that is next, and one more. */
const AT_ONCE = 2;

/** After so long it looks again unasked: a receiver that is missing or dead moves no mark. */
const POLL_MS = 1000;

type Inflated = FollowedBlock & { readonly damage?: string };

export class ArchiveReader implements AsyncDisposable {
  readonly #folder: string;
  readonly #report: FollowReport;
  readonly #reaches: ReachFinder;
  #position: Position | undefined;
  #reach: Reach | undefined;
  #blocks: AsyncGenerator<Inflated, void, undefined> | undefined;
  /** Where what a dead receiver left stopped being whole. */
  #torn: { readonly segment: string; readonly offset: number; readonly end: number } | undefined;

  /** Stands before the block at `position`; without one before the oldest there is. */
  constructor(folder: string, position: Position | undefined, report: FollowReport = {}) {
    this.#folder = folder;
    this.#position = position;
    this.#report = report;
    this.#reaches = new ReachFinder(folder, (segment, next) => report.gone?.(segment, next));
  }

  /** Behind the last block handed out; undefined before the first. */
  get position(): Position | undefined {
    return this.#position;
  }

  /** The next block, or undefined where there is none as yet. Throws ArchiveError `ahead`. */
  async next(): Promise<FollowedBlock | undefined> {
    for (;;) {
      const block = this.#reach && (await this.#within(this.#reach));
      if (block !== undefined) return block;
      await this[Symbol.asyncDispose]();
      const reach = await this.#reaches.from(this.#position);
      if (reach === undefined || this.#isTorn(reach)) return undefined;
      this.#reach = reach;
      this.#position = { segment: reach.segment.name, offset: reach.from };
    }
  }

  /** Settles when there may be more, after `timeoutMs`, or when the signal aborts. */
  async more(signal: AbortSignal, timeoutMs = POLL_MS): Promise<void> {
    const woken = new AbortController();
    const wake = (): void => woken.abort();
    const watcher = watchFile(join(this.#folder, COMMITTED_FILE), wake);
    signal.addEventListener('abort', wake);
    try {
      const mark = await readCommitted(this.#folder);
      const isMoved =
        mark?.segment !== this.#reaches.mark?.segment || mark?.offset !== this.#reaches.mark?.offset;
      if (isMoved || signal.aborted) return;
      await delay(Math.min(timeoutMs, POLL_MS), undefined, { signal: woken.signal }).catch(() => undefined);
    } finally {
      signal.removeEventListener('abort', wake);
      watcher?.close();
    }
  }

  /** Lets go of the segment it reads; asked for more it opens it again. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#blocks?.return();
    this.#blocks = undefined;
    this.#reach = undefined;
  }

  get #offset(): number {
    return this.#position?.offset ?? 0;
  }

  #isTorn({ segment, from, end, isLeft }: Reach): boolean {
    const torn = this.#torn;
    return isLeft && torn?.segment === segment.name && torn.offset === from && torn.end === end;
  }

  /** The next good block of what may be read; undefined at its end. */
  async #within(reach: Reach): Promise<FollowedBlock | undefined> {
    while (this.#offset < reach.end) {
      this.#blocks ??= this.#inflated(reach);
      try {
        const { value: block } = await this.#blocks.next();
        if (block === undefined) return undefined;
        if (reach.isLeft && !(await this.#staysLeft(reach, block.damage))) return undefined;
        this.#position = { segment: reach.segment.name, offset: block.endOffset };
        if (block.damage === undefined) return block;
        this.#report.damaged?.(block.position, block.damage, block.header.count);
      } catch (error) {
        this.#blocks = undefined;
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
        const damage = damageOf(error);
        if (damage === undefined) throw error;
        if (reach.isLeft && !(await this.#staysLeft(reach, damage.message))) return undefined;
        await this.#skip(reach, damage);
      }
    }
    return undefined;
  }

  /** True for a block that no receiver can have cut meanwhile; where it is torn there is no going on. */
  async #staysLeft({ segment, end }: Reach, damage: string | undefined): Promise<boolean> {
    if (damage !== undefined) this.#torn = { segment: segment.name, offset: this.#offset, end };
    return damage === undefined && !(await isFolderLocked(this.#folder));
  }

  #inflated({ segment, end }: Reach): AsyncGenerator<Inflated, void, undefined> {
    const blocks = readBlocks(this.#folder, segment, this.#offset);
    const isWanted = (header: BlockHeader): boolean => this.#report.isWanted?.(header) ?? true;
    return mapInOrder(upTo(end, blocks), AT_ONCE, (block) => inflate(block, isWanted(block.header)));
  }

  /** Goes to where blocks begin again behind damage. */
  async #skip({ segment, end }: Reach, { message, nextAt }: BlockDamage): Promise<void> {
    const at = { segment: segment.name, offset: this.#offset };
    const found = (await findBlock(this.#folder, segment, nextAt)) ?? end;
    this.#position = { segment: segment.name, offset: Math.min(found, end) };
    this.#report.damaged?.(at, message, 0);
  }
}

/** The blocks before `end`, with which one of them ends. */
async function* upTo(end: number, blocks: AsyncIterable<StoredBlock>): AsyncGenerator<StoredBlock> {
  for await (const block of blocks) {
    yield block;
    if (block.endOffset >= end) return;
  }
}

/** Reads a block's body; damage to it is an answer, so that the blocks behind it are read too. */
async function inflate(
  { header, position, endOffset, packed, read }: StoredBlock,
  isWanted: boolean,
): Promise<Inflated> {
  const block = { header, position, endOffset, packed };
  try {
    return { ...block, raw: header.count > 0 && isWanted ? await read() : NOTHING };
  } catch (error) {
    const damage = damageOf(error);
    if (damage === undefined) throw error;
    return { ...block, raw: NOTHING, damage: damage.message };
  }
}

const NOTHING = Buffer.alloc(0);

/** Undefined where there is no such file. */
function watchFile(path: string, onChange: () => void): FSWatcher | undefined {
  try {
    return watch(path, { persistent: false }, onChange).on('error', onChange);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
