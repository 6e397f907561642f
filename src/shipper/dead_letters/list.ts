/** `dead-letter list`: what receivers would not take, and why. */
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isShipperId } from '../../wire/messages.ts';
import { readNote } from './file.ts';
import { LOCK_FOLDER, deadLetterFolder, readFileName, shipperOf, type LetterFile } from './folder.ts';

export interface DeadLetter {
  readonly shipper: string;
  /** That of its file without the ending: `7-9`, or `7-9.3` for a part of it. */
  readonly name: string;
  readonly epoch: number;
  readonly sequence: number;
  /** Undefined, as are `code` and `reason`, where no `.json` beside the entries says it. */
  readonly entries?: number;
  readonly code?: string;
  readonly reason?: string;
  /** Why nobody should read it, where that is so. */
  readonly problem?: string;
  readonly writtenAtMs: number;
  /** The entries, as NDJSON. */
  readonly path: string;
}

/** Is told of what lies among the letters and is none. */
export type OnStray = (path: string, why: string) => void;

/** The dead letters under a state folder, by shipper and number; none where there is no such folder. */
export async function readDeadLetters(
  stateFolder: string,
  onStray: OnStray = () => undefined,
): Promise<DeadLetter[]> {
  const root = deadLetterFolder(stateFolder);
  const letters: DeadLetter[] = [];
  for (const name of await namesIn(root, onStray)) {
    const folder = join(root, name);
    if (name === LOCK_FOLDER) continue;
    if (!isShipperId(shipperOf(name))) onStray(folder, 'it is not named after a shipper');
    else if (!(await lstat(folder)).isDirectory()) onStray(folder, 'it is not a folder');
    else letters.push(...(await lettersIn(folder, shipperOf(name), onStray)));
  }
  return letters.sort(
    (a, b) =>
      a.shipper.localeCompare(b.shipper) ||
      a.epoch - b.epoch ||
      a.sequence - b.sequence ||
      a.name.localeCompare(b.name, 'en', { numeric: true }),
  );
}

/** A table for people, a line a letter. */
export function deadLetterTable(letters: readonly DeadLetter[], nowMs: number): string {
  if (letters.length === 0) return 'no dead letters\n';
  const rows = letters.map((letter) => [
    letter.shipper,
    String(letter.epoch),
    String(letter.sequence),
    String(letter.entries ?? '?'),
    printable(letter.code ?? '?'),
    printable(letter.problem ?? letter.reason ?? '?'),
    age(nowMs - letter.writtenAtMs),
    letter.path,
  ]);
  const table = [['SHIPPER', 'EPOCH', 'SEQUENCE', 'ENTRIES', 'CODE', 'REASON', 'AGE', 'PATH'], ...rows];
  const widths =
    table[0]?.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? [];
  return table
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}

/** What comes from a receiver or from a disk is shown so that no terminal acts on it. */
export const printable = (text: string): string => text.replace(/\p{C}+/gu, ' ');

const age = (ms: number): string => {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)}m`;
  return seconds < 172_800 ? `${Math.floor(seconds / 3600)}h` : `${Math.floor(seconds / 86_400)}d`;
};

async function lettersIn(folder: string, shipper: string, onStray: OnStray): Promise<DeadLetter[]> {
  const files = new Set(await namesIn(folder, onStray));
  const letters: DeadLetter[] = [];
  for (const file of files) {
    const path = join(folder, file);
    const found = readFileName(file, files);
    if (found === undefined) onStray(path, 'it is not named like a dead letter');
    else if (found.kind === 'ndjson' && !found.isDraft)
      letters.push(...(await readLetter(path, shipper, found)));
  }
  return letters;
}

/** None where it has gone meanwhile. */
async function readLetter(
  path: string,
  shipper: string,
  { name, epoch, sequence }: LetterFile,
): Promise<DeadLetter[]> {
  const stats = await lstat(path).catch(() => undefined);
  if (stats === undefined) return [];
  const { shipper: noted = '', count, code, reason } = await readNote(path);
  const letter = {
    shipper: isShipperId(noted) ? noted : shipper,
    ...{ name, epoch, sequence, path },
    ...(count === undefined ? {} : { entries: count }),
    ...(code === undefined ? {} : { code }),
    ...(reason === undefined ? {} : { reason }),
    writtenAtMs: stats.mtimeMs,
  };
  if (stats.isFile()) return [letter];
  return [{ ...letter, problem: stats.isSymbolicLink() ? 'it is a symbolic link' : 'it is not a file' }];
}

async function namesIn(folder: string, onStray: OnStray): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') onStray(folder, (error as Error).message);
    return [];
  }
}
