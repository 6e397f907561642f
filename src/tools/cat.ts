/** `cat`: the entries of an archive, in the order they were stored. */
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { BlockHeader } from '../archive/block.ts';
import { damageOf, readBlocks } from '../archive/block_reader.ts';
import { listSegments } from '../archive/segment_name.ts';
import { isFolderLocked } from '../base/folder_lock.ts';
import { parseTime } from '../base/time.ts';

export interface CatFilter {
  readonly since?: string;
  readonly until?: string;
  readonly shipper?: string;
}

/**
 * Writes the entries to `output`, NDJSON as it came, and answers the exit code: 1 where damage ended it early (said on
 * standard error). A reader that has seen enough and closes the pipe is no error; nor is a segment that retention
 * deletes meanwhile: it is left out, and that is said on standard error.
 */
export async function cat(folder: string, filter: CatFilter, output: Writable): Promise<0 | 1> {
  try {
    await pipeline(Readable.from(entries(folder, filter)), output, { end: false });
    return 0;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EPIPE') return 0;
    const damage = damageOf(error);
    if (damage === undefined) throw error;
    if (damage.isTorn && (await isBeingWritten(folder, damage.position.segment))) return 0;
    process.stderr.write(`error: ${(error as Error).message}\n`);
    return 1;
  }
}

/** The last block of a live archive may be half there. */
async function isBeingWritten(folder: string, segment: string): Promise<boolean> {
  return (await listSegments(folder)).at(-1)?.name === segment && (await isFolderLocked(folder));
}

async function* entries(folder: string, { since, until, shipper }: CatFilter): AsyncGenerator<Buffer> {
  const from = since === undefined ? -Infinity : parseTime(since, Date.now());
  const to = until === undefined ? Infinity : parseTime(until, Date.now());
  const isWanted = ({ receivedAtMs, shipperId, count }: BlockHeader): boolean =>
    receivedAtMs >= from &&
    receivedAtMs < to &&
    (shipper === undefined || shipperId === shipper) &&
    count > 0;
  for (const segment of await listSegments(folder)) {
    try {
      for await (const { header, read } of readBlocks(folder, segment))
        if (isWanted(header)) yield await read();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      process.stderr.write(`note: ${segment.name} was deleted meanwhile\n`);
    }
  }
}
