/**
 * Where dead letters lie: `<state>/dead-letter/<shipper>/`, with `+` for the `:` that no folder should have in its name.
 * A letter is two files, the entries as they were and beside them what is known of them:
 *
 *     7-9.ndjson  7-9.json      batch 9 of epoch 7
 *     7-9-2.ndjson …            another batch that had this number too
 *     7-9.3.ndjson …            the third part of that batch, where it had to be divided
 *
 * A letter is there when its entries are: its `.json` is written before them and removed after them. Parts are drafts,
 * and no letters yet, as long as the letter they are made from is there.
 */
import { mkdir, readdir, stat, unlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { syncFolder } from '../../base/atomic_file.ts';

const FILE = /^((\d+)-(\d+)(?:-\d+)?(?:\.\d+)*)\.(ndjson|json|ndjson\.new|json\.new)$/;

/** What a killed process left half written is older than this; what a living one is about to finish is not. */
const LEFT_BEHIND_MS = 3600 * 1000;

/** In the folder of all: held by the process that ships letters again. No shipper's name begins like this. */
export const LOCK_FOLDER = '.retry';

export const deadLetterFolder = (stateFolder: string): string => join(stateFolder, 'dead-letter');

export const folderNameOf = (shipper: string): string => shipper.replaceAll(':', '+');

/** The shipper a folder is named after. In one of an earlier version `_` may stand for `:`. */
export const shipperOf = (folderName: string): string => folderName.replaceAll('+', ':');

/** The file that says what is known of the entries at `path`. */
export const notePathOf = (path: string): string => path.replace(/\.ndjson$/, '.json');

export interface LetterFile {
  /** Of the letter, `7-9.3`. */
  readonly name: string;
  readonly epoch: number;
  readonly sequence: number;
  readonly kind: 'ndjson' | 'json' | 'ndjson.new' | 'json.new';
  /** True while the letter that this one is a part of is still there. */
  readonly isDraft: boolean;
}

/** Which letter a file in a folder of letters is of; undefined for a stranger. */
export function readFileName(file: string, files: ReadonlySet<string>): LetterFile | undefined {
  const [, name, epoch, sequence, kind] = FILE.exec(file) ?? [];
  if (name === undefined) return undefined;
  return {
    name,
    epoch: Number(epoch),
    sequence: Number(sequence),
    kind: kind as LetterFile['kind'],
    isDraft: wholesOf(name).some((whole) => files.has(`${whole}.ndjson`)),
  };
}

/** `7-9.3.1` → `7-9.3`, `7-9` */
function wholesOf(name: string): string[] {
  const end = name.lastIndexOf('.');
  return end === -1 ? [] : [name.slice(0, end), ...wholesOf(name.slice(0, end))];
}

/** A name for a letter that no other in `folder`, and no part of one, has. */
export async function freeName(folder: string, epoch: number, sequence: number): Promise<string> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.ndjson'));
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? `${epoch}-${sequence}` : `${epoch}-${sequence}-${number}`;
    if (!files.some((file) => file.startsWith(`${name}.`))) return name;
  }
}

/** Makes a folder, and those above it, so that they are found again after a power cut. */
export async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  const above = dirname(resolve(first));
  for (let made = resolve(folder); made !== above; made = dirname(made)) await syncFolder(dirname(made));
}

/** Removes from a folder of letters what killed processes left in it: drafts, and files whose letter is not there. */
export async function sweep(folder: string, nowMs: number): Promise<void> {
  const files = new Set(await readdir(folder));
  for (const file of files) {
    const letter = readFileName(file, files);
    if (letter === undefined) continue;
    const hasLetter =
      letter.kind === 'ndjson' || (letter.kind === 'json' && files.has(`${letter.name}.ndjson`));
    if (letter.isDraft) await removeFile(join(folder, file));
    else if (!hasLetter) await removeOld(join(folder, file), nowMs);
  }
  await syncFolder(folder);
}

/** One that is gone already is fine. */
export async function removeFile(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/** What can't be removed may stay: nobody takes it for a letter. */
async function removeOld(path: string, nowMs: number): Promise<void> {
  try {
    if (nowMs - (await stat(path)).mtimeMs > LEFT_BEHIND_MS) await unlink(path);
  } catch {
    return;
  }
}
