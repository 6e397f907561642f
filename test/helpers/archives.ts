import { Archive, type ArchiveOptions } from '../../src/archive/archive.ts';
import type { Block } from '../../src/archive/block.ts';
import { RECEIVED_AT_MS } from './blocks.ts';

export const SEGMENT_MAX_BYTES = 5 * 1024 * 1024;

export interface Reports {
  readonly stored: number[];
  readonly findings: string[];
  readonly troubled: string[];
  recovered: number;
}

export interface TestArchive extends AsyncDisposable {
  readonly archive: Archive;
  readonly reports: Reports;
}

/** An archive of gzip segments whose clock stands still and that tries again at once, or as wished; with what it reported. */
export async function openArchive(
  folder: string,
  wishes: Partial<ArchiveOptions> = {},
): Promise<TestArchive> {
  const reports: Reports = { stored: [], findings: [], troubled: [], recovered: 0 };
  const archive = await Archive.open({
    folder,
    format: 'gzip',
    segmentMaxBytes: SEGMENT_MAX_BYTES,
    fsync: 'always',
    retryAfterMs: 1,
    now: () => RECEIVED_AT_MS,
    report: {
      stored: ({ sequence }) => reports.stored.push(sequence),
      found: (finding) => reports.findings.push(finding),
      troubled: ({ message }) => reports.troubled.push(message),
      recovered: () => (reports.recovered += 1),
    },
    ...wishes,
  });
  return { archive, reports, [Symbol.asyncDispose]: () => archive[Symbol.asyncDispose]() };
}

/** Opens an archive, appends blocks, all as one group or one after the other, and closes it. */
export async function writeArchive(
  folder: string,
  blocks: readonly Block[],
  how: 'at once' | 'one by one' = 'at once',
  wishes: Partial<ArchiveOptions> = {},
): Promise<void> {
  await using opened = await openArchive(folder, wishes);
  if (how === 'at once') await Promise.all(blocks.map((block) => opened.archive.append(block)));
  else for (const block of blocks) await opened.archive.append(block);
}
