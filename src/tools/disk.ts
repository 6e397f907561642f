/** `disk`: what the archive and its outputs take, and how far the outputs are. */
import { opendir, readdir, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { readLoss, readPlaces } from '../archive/follower_places.ts';
import { bytesBehind } from '../archive/lag.ts';
import type { RetentionLimits } from '../archive/retention.ts';
import { listSegments } from '../archive/segment_name.ts';
import { sizeOf } from '../base/file_size.ts';
import { OUTPUT_NAMES, planOutput, type OutputSettings } from '../outputs/plans.ts';
import { filesOf } from '../outputs/rotating_file.ts';
import { showBytes, textTable } from './table.ts';

export interface DiskUsage {
  readonly segments: number;
  readonly bytes: number;
  readonly days: readonly { readonly day: string; readonly segments: number; readonly bytes: number }[];
  /** Folders beside the segments: what was damaged, what was rejected. */
  readonly kept: Readonly<Record<string, number>>;
  readonly outputs: readonly OutputUsage[];
  readonly retention: RetentionLimits;
  readonly freeBytes: number;
}

export interface OutputUsage {
  readonly name: string;
  readonly file: string;
  readonly files: number;
  readonly bytes: number;
  readonly entries: number;
  readonly malformed: number;
  /** Of the archive, still to be read. */
  readonly behindBytes: number;
  /** Entries that retention deleted unread. */
  readonly lost: number;
  readonly savedAt: string;
}

/** Looks at the archive of `settings` and at its outputs. */
export async function diskUsage(settings: OutputSettings, retention: RetentionLimits): Promise<DiskUsage> {
  const { folder } = settings;
  const days = new Map<string, { segments: number; bytes: number }>();
  for (const { name, stamp } of await listSegments(folder)) {
    const day = `${stamp.slice(0, 4)}-${stamp.slice(4, 6)}-${stamp.slice(6, 8)}`;
    const { segments, bytes } = days.get(day) ?? { segments: 0, bytes: 0 };
    days.set(day, { segments: segments + 1, bytes: bytes + (await sizeOf(join(folder, name))) });
  }
  const all = [...days.values()];
  const { bavail, bsize } = await statfs(folder);
  return {
    segments: all.reduce((sum, { segments }) => sum + segments, 0),
    bytes: all.reduce((sum, { bytes }) => sum + bytes, 0),
    days: [...days].map(([day, usage]) => ({ day, ...usage })),
    kept: {
      damaged: await folderBytes(join(folder, 'damaged')),
      rejected: await folderBytes(join(folder, 'rejected')),
    },
    outputs: await outputsUsage(settings),
    retention,
    freeBytes: bavail * bsize,
  };
}

/** The outputs that have begun to follow this archive. */
async function outputsUsage(settings: OutputSettings): Promise<OutputUsage[]> {
  const { folder } = settings;
  const usages: OutputUsage[] = [];
  for (const [name, { position, savedAt, entries, malformed }] of await readPlaces(folder)) {
    const known = OUTPUT_NAMES.find((one) => one === name);
    const file = known === undefined ? '' : planOutput(known, settings).file;
    usages.push({
      name,
      file,
      ...(await sizeOfOutput(file)),
      entries,
      malformed,
      behindBytes: await bytesBehind(folder, position),
      lost: (await readLoss(folder, name)).entries,
      savedAt,
    });
  }
  return usages;
}

interface Size {
  readonly files: number;
  readonly bytes: number;
}

/** What an output takes: the files of a name, of a database also what it has not put into its file yet, or all of a folder. */
async function sizeOfOutput(file: string): Promise<Size> {
  if (file === '') return { files: 0, bytes: 0 };
  if (await isFolder(file)) return sizeOfFolder(file);
  const files = [...(await filesOf(file)), ...(await filesOf(`${file}-wal`))];
  const sizes = await Promise.all(files.map(({ path }) => sizeOf(path)));
  return { files: sizes.length, bytes: sizes.reduce((sum, size) => sum + size, 0) };
}

async function sizeOfFolder(folder: string): Promise<Size> {
  let [files, bytes] = [0, 0];
  for await (const one of await opendir(folder, { recursive: true })) {
    if (!one.isFile()) continue;
    files += 1;
    bytes += await sizeOf(join(one.parentPath, one.name));
  }
  return { files, bytes };
}

const isFolder = async (path: string): Promise<boolean> =>
  (await stat(path).catch(() => undefined))?.isDirectory() ?? false;

/** The usage for people. */
export function diskTable(usage: DiskUsage): string {
  const { days, outputs, retention, kept } = usage;
  const parts = [
    textTable([
      ['day', 'segments', 'size'],
      ...days.map(({ day, segments, bytes }) => [day, String(segments), showBytes(bytes)]),
      ['all', String(usage.segments), showBytes(usage.bytes)],
    ]),
  ];
  if (outputs.length > 0) {
    parts.push(
      textTable([
        ['output', 'files', 'size', 'entries', 'malformed', 'lost', 'behind'],
        ...outputs.map((output) => [
          output.file === '' ? output.name : `${output.name} (${output.file})`,
          String(output.files),
          showBytes(output.bytes),
          String(output.entries),
          String(output.malformed),
          String(output.lost),
          showBytes(output.behindBytes),
        ]),
      ]),
    );
  }
  const { maxBytes, maxAgeMs, hardMaxBytes = 0 } = retention;
  const hard = hardMaxBytes === 0 ? maxBytes * 2 : hardMaxBytes;
  parts.push(
    textTable([
      ['retention by size', maxBytes === 0 ? 'none' : `${showBytes(maxBytes)} (unread: ${showBytes(hard)})`],
      [
        'retention by age',
        maxAgeMs === 0 ? 'none' : `${maxAgeMs / 1000} s (unread: ${(maxAgeMs * 2) / 1000} s)`,
      ],
      ...Object.entries(kept).map(([name, bytes]) => [`${name}/`, showBytes(bytes)]),
      ['free', showBytes(usage.freeBytes)],
    ]),
  );
  return parts.join('\n');
}

async function folderBytes(folder: string): Promise<number> {
  try {
    const sizes = await Promise.all((await readdir(folder)).map((name) => sizeOf(join(folder, name))));
    return sizes.reduce((sum, size) => sum + size, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
}
