/** The two files of a dead letter: its entries, and the note of what is known of them. */
import { open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncFolder, writeFileAtomically } from '../../base/atomic_file.ts';
import { notePathOf, removeFile } from './folder.ts';

/** What a `.json` says. Any of it may be missing: earlier versions wrote less, and people edit. */
export interface DeadLetterNote {
  readonly shipper?: string;
  readonly epoch?: number;
  readonly sequence?: number;
  /** Entries. */
  readonly count?: number;
  /** Why it was rejected, the last time. */
  readonly code?: string;
  readonly reason?: string;
}

export interface LetterContent {
  /** Of the entries, `….ndjson`. */
  readonly path: string;
  readonly note: DeadLetterNote;
  readonly entries: Uint8Array;
}

/** Puts a letter on disk. */
export async function writeLetter({ path, note, entries }: LetterContent): Promise<void> {
  await writeFileAtomically(notePathOf(path), textOf(note));
  await writeFileAtomically(path, entries);
}

/** Takes a letter off the disk, for good once this settles. */
export async function removeLetter(path: string): Promise<void> {
  await removeFile(path);
  await syncFolder(dirname(path));
  await removeFile(notePathOf(path));
}

/** Puts parts in the place of a letter: a crash at any moment leaves either it or all of them. */
export async function replaceLetter(path: string, parts: readonly LetterContent[]): Promise<void> {
  for (const part of parts) {
    await writeDraft(notePathOf(part.path), textOf(part.note));
    await writeDraft(part.path, part.entries);
  }
  await syncFolder(dirname(path));
  await removeLetter(path);
}

/** What is known of the entries at `path`; nothing where that can't be read. */
export async function readNote(path: string): Promise<DeadLetterNote> {
  let said: unknown;
  try {
    said = JSON.parse(await readFile(notePathOf(path), 'utf8'));
  } catch {
    return {};
  }
  if (typeof said !== 'object' || said === null) return {};
  const { shipper, epoch, sequence, count, code, reason } = said as Record<string, unknown>;
  return {
    ...(typeof shipper === 'string' ? { shipper } : {}),
    ...(isCount(epoch) ? { epoch } : {}),
    ...(isCount(sequence) ? { sequence } : {}),
    ...(isCount(count) ? { count } : {}),
    ...(typeof code === 'string' ? { code } : {}),
    ...(typeof reason === 'string' ? { reason } : {}),
  };
}

/** Writes more, or something newer, into the note. */
export async function addToNote(path: string, news: DeadLetterNote): Promise<void> {
  await writeFileAtomically(notePathOf(path), textOf({ ...(await readNote(path)), ...news }));
}

const textOf = (note: DeadLetterNote): string => `${JSON.stringify(note)}\n`;

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

async function writeDraft(path: string, text: string | Uint8Array): Promise<void> {
  await using file = await open(path, 'w', 0o600);
  await file.writeFile(text);
  await file.sync();
}
