import { unlink } from 'node:fs/promises';
import { entriesIn, gapBatch, type SpoolFile, type SpoolRecord } from './spool_file.ts';
import type { SpoolOptions } from './spool_options.ts';
import { writeSpoolFile } from './spool_recovery.ts';

export interface Dropped {
  readonly epoch: number;
  readonly records: readonly SpoolRecord[];
  readonly entries: number;
  /** The file that is no more, where the GAP before it took its numbers in. */
  readonly gone?: SpoolFile;
}

/**
 * Puts a GAP in the place of the oldest file that was not begun to be read and is not being written; where a GAP lies
 * before it, the two become one. Undefined where there is no such file, or the disk does not take the GAP. A crash in
 * the middle leaves the file beside the GAP that covers it: the next start removes it.
 */
export async function dropOldest(
  files: readonly SpoolFile[],
  tail: SpoolFile | undefined,
  { folder, log }: Pick<SpoolOptions, 'folder' | 'log'>,
): Promise<Dropped | undefined> {
  const index = files.findIndex((one) => one !== tail && one.state === 'free' && entriesIn(one) > 0);
  const file = files[index];
  const last = file?.records.at(-1);
  if (file === undefined || last === undefined) return undefined;
  const before = files[index - 1];
  const target = before !== undefined && isGapBefore(before, file) ? before : file;
  const { epoch, records } = file;
  const entries = entriesIn(file);
  const gap = {
    from: target.records[0]?.from ?? file.first,
    to: last.sequence,
    entries: entries + lostIn(file) + (target === file ? 0 : lostIn(target)),
    reason: 'the spool was full',
  };
  file.state = target.state = 'dropping';
  try {
    const replacement = await writeSpoolFile(folder, target, [gapBatch(gap)]);
    target.records = replacement.records;
    target.bytes = replacement.bytes;
    target.state = 'free';
  } catch (error) {
    file.state = target.state = 'free';
    log.error({ err: error }, `the spool's oldest batches could not be dropped: ${(error as Error).message}`);
    return undefined;
  }
  log.error({ ...gap, entries }, 'the spool is full (SPOOL_MAX_BYTES): its oldest batches are dropped');
  if (target === file) return { epoch, records, entries };
  await unlink(file.path).catch((error: unknown) =>
    log.warn({ err: error }, 'a spool file could not be deleted'),
  );
  return { epoch, records, entries, gone: file };
}

const lostIn = ({ records }: SpoolFile): number => records.reduce((sum, { lost }) => sum + lost, 0);

function isGapBefore(before: SpoolFile, file: SpoolFile): boolean {
  const isGap = before.state === 'free' && before.records.length > 0 && entriesIn(before) === 0;
  const next = (before.records.at(-1)?.sequence ?? 0) + 1;
  return isGap && before.epoch === file.epoch && next === file.records[0]?.from;
}
