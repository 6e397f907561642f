/** `cat`: the entries of one or several archives, in the order they were stored. */
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ArchiveError } from '../archive/archive_error.ts';
import type { BlockHeader } from '../archive/block.ts';
import { compareBlocks } from '../archive/block_order.ts';
import { damageOf, readBlocks } from '../archive/block_reader.ts';
import { listSegments } from '../archive/segment_name.ts';
import { isFolderLocked } from '../base/folder_lock.ts';
import { merged } from '../base/merged.ts';
import { parseTime } from '../base/time.ts';

export interface CatFilter {
  readonly since?: string;
  readonly until?: string;
  readonly shipper?: string;
}

/**
 * Writes the entries to `output`, NDJSON as it came, and answers the exit code: 1 where damage ended it early (said on
 * standard error). Of several archives each keeps its order, and what was received first comes first. A reader that has
 * seen enough and closes the pipe is no error; nor is a segment that retention deletes meanwhile: it is left out, and that
 * is said on standard error.
 */
export async function cat(folders: readonly string[], filter: CatFilter, output: Writable): Promise<0 | 1> {
  const isWanted = wantedBy(filter);
  const isOne = folders.length === 1;
  const archives = folders.map((folder) => blocksIn(folder, isWanted, isOne ? '' : `${folder}/`));
  try {
    await pipeline(Readable.from(entries(archives)), output, { end: false });
    return 0;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EPIPE') return 0;
    if (damageOf(error) === undefined) throw error;
    process.stderr.write(`error: ${(error as Error).message}\n`);
    return 1;
  }
}

interface CatBlock {
  readonly header: BlockHeader;
  readonly raw: Buffer;
}

type CatBlocks = AsyncGenerator<CatBlock, void, undefined>;

async function* entries(archives: readonly CatBlocks[]): AsyncGenerator<Buffer> {
  for await (const { raw } of merged(archives, (a, b) => compareBlocks(a.header, b.header))) yield raw;
}

type Wanted = (header: BlockHeader) => boolean;

function wantedBy({ since, until, shipper }: CatFilter): Wanted {
  const from = since === undefined ? -Infinity : parseTime(since, Date.now());
  const to = until === undefined ? Infinity : parseTime(until, Date.now());
  return ({ receivedAtMs, shipperId, count }) =>
    receivedAtMs >= from &&
    receivedAtMs < to &&
    (shipper === undefined || shipperId === shipper) &&
    count > 0;
}

/** The wanted blocks of an archive; what is said of its segments begins with `prefix`. */
async function* blocksIn(folder: string, isWanted: Wanted, prefix: string): CatBlocks {
  for (const segment of await listSegments(folder)) {
    try {
      for await (const { header, read } of readBlocks(folder, segment))
        if (isWanted(header)) yield { header, raw: await read() };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
        process.stderr.write(`note: ${prefix}${segment.name} was deleted meanwhile\n`);
        continue;
      }
      const damage = damageOf(error);
      if (damage === undefined) throw error;
      if (damage.isTorn && (await isBeingWritten(folder, segment.name))) return;
      const message = `${prefix}${(error as Error).message}`;
      throw new ArchiveError('damaged', message, { cause: damage });
    }
  }
}

/** The last block of a live archive may be half there. */
async function isBeingWritten(folder: string, segment: string): Promise<boolean> {
  return (await listSegments(folder)).at(-1)?.name === segment && (await isFolderLocked(folder));
}
