/** Archives of which each has a part of what shippers sent, as several workers write them. */
import type { Block } from '../../src/archive/block.ts';
import { RECEIVED_AT_MS, makeBlock, makeBlocks, type BlockWishes } from './blocks.ts';
import { writeArchive } from './archives.ts';

/** Numbers `from` to `to` of a shipper: two entries each, or a gap that says they are in another archive. */
export interface Part {
  readonly from: number;
  readonly to: number;
  readonly isElsewhere?: boolean;
}

export const here = (from: number, to: number): Part => ({ from, to });
export const elsewhere = (from: number, to: number): Part => ({ from, to, isElsewhere: true });

/** The block that stands for numbers which are in another archive. */
export const elsewhereBlock = (from: number, to: number, wishes: BlockWishes = {}): Promise<Block> =>
  makeBlock({
    ...wishes,
    sequence: to,
    text: '',
    gap: { from, entries: 0, reason: 'in another archive', elsewhere: true },
  });

/** The blocks of these parts, each received a millisecond after the number before it. */
export async function partBlocks(
  shipperId: string,
  parts: readonly Part[],
  wishes: BlockWishes = {},
): Promise<Block[]> {
  const at = (sequence: number): number => RECEIVED_AT_MS + sequence;
  const blocks = parts.map(async ({ from, to, isElsewhere = false }) =>
    isElsewhere
      ? [await elsewhereBlock(from, to, { shipperId, receivedAtMs: at(to), ...wishes })]
      : (await makeBlocks(from, to, { shipperId, ...wishes })).map((block) => ({
          ...block,
          receivedAtMs: at(block.sequence),
        })),
  );
  return (await Promise.all(blocks)).flat();
}

/** An archive of these parts of one shipper, `web-1`. */
export const writePart = async (folder: string, ...parts: Part[]): Promise<void> =>
  writeArchive(folder, await partBlocks('web-1', parts));
