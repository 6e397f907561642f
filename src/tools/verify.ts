/** `verify`: reads every block of an archive and holds every shipper to its numbers. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { BlockHeader } from '../archive/block.ts';
import { damageOf, findBlock, readBlocks, type StoredBlock } from '../archive/block_reader.ts';
import { listSegments, type SegmentName } from '../archive/segment_name.ts';
import { isFolderLocked } from '../base/folder_lock.ts';
import { mapInOrder } from '../base/in_order.ts';
import { countEntries } from '../wire/ndjson.ts';
import { ShipperAudit } from './shipper_audit.ts';

export interface Output {
  write(text: string): unknown;
}

/** Bodies inflated at once. */
const AT_ONCE = 4;

/** Checks the archive in `folder`, says what it found, and answers the exit code: 0 clean, 1 damaged. Throws where the folder can't be read. */
export async function verify(folder: string, output: Output): Promise<0 | 1> {
  const audit = new Audit(folder);
  const segments = await listSegments(folder);
  for (const segment of segments) {
    try {
      await audit.segment(segment, segment === segments.at(-1));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      audit.wasDeleted(segment);
    }
  }
  output.write(audit.report());
  return audit.problems.length === 0 ? 0 : 1;
}

class Audit {
  readonly #folder: string;
  readonly #shippers = new Map<string, ShipperAudit>();
  readonly problems: string[] = [];
  readonly #notes: string[] = [];
  #segments = 0;
  #blocks = 0;
  #entries = 0;
  #bytes = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Retention deletes the oldest while they are read: what such a one held is not missing. */
  wasDeleted({ name }: SegmentName): void {
    this.#notes.push(`${name} was deleted meanwhile`);
    for (const shipper of this.#shippers.values()) shipper.excuseHole();
  }

  async segment(segment: SegmentName, isNewest: boolean): Promise<void> {
    this.#bytes += (await stat(join(this.#folder, segment.name))).size;
    this.#segments += 1;
    for (let from: number | undefined = 0; from !== undefined;)
      from = await this.#blocksFrom(segment, from, isNewest);
  }

  /** Audits blocks up to the end or to damage; the answer is where blocks begin again behind it. */
  async #blocksFrom(segment: SegmentName, from: number, isNewest: boolean): Promise<number | undefined> {
    let reached = from;
    try {
      for await (const { block, problem } of mapInOrder(
        readBlocks(this.#folder, segment, from),
        AT_ONCE,
        inspect,
      )) {
        reached = block.endOffset;
        if (problem === undefined) this.#count(block);
        else this.problems.push(problem);
      }
      return undefined;
    } catch (error) {
      const damage = damageOf(error);
      if (damage === undefined) throw error;
      if (isNewest && damage.isTorn && (await isFolderLocked(this.#folder))) {
        this.#notes.push(`${segment.name} is being written: its last block is not yet whole`);
        return undefined;
      }
      this.problems.push((error as Error).message);
      return findBlock(this.#folder, segment, Math.max(reached, damage.nextAt));
    }
  }

  #count({ header, position }: StoredBlock): void {
    this.#blocks += 1;
    this.#entries += header.count;
    const known = this.#shippers.get(header.shipperId);
    const shipper = known ?? new ShipperAudit(header.shipperId);
    if (known === undefined) this.#shippers.set(header.shipperId, shipper);
    const problem = shipper.follow(header);
    if (problem !== undefined)
      this.problems.push(`${position.segment} at byte ${position.offset}: ${problem}`);
  }

  report(): string {
    const lines = [
      `${this.#segments} segments, ${this.#blocks} blocks, ${this.#entries} entries, ${this.#bytes} bytes`,
    ];
    for (const shipper of this.#shippers.values()) lines.push(`  ${shipper.summary()}`);
    for (const note of this.#notes) lines.push(`note: ${note}`);
    for (const problem of this.problems) lines.push(`DAMAGE: ${problem}`);
    lines.push(
      this.problems.length === 0
        ? 'clean: every block checks out, no sequence missing or repeated'
        : `${this.problems.length} problems`,
    );
    return `${lines.join('\n')}\n`;
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
