/**
 * `deleted.json` says that retention deletes segments of this archive, and which one was the first: what is not here may have
 * been. It is on disk before that one goes, and is not written again. A full disk that has no room for it is given room all the same.
 */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomically } from '../base/atomic_file.ts';

export const DELETED_FILE = 'deleted.json';

/** Notes that the segment of this name is about to go, where none was noted before. Rejects where that can't be written. */
export async function noteDeletion(folder: string, segment: string): Promise<void> {
  if (await hasDeleted(folder)) return;
  await writeFileAtomically(join(folder, DELETED_FILE), `${JSON.stringify({ segment })}\n`);
}

/** True where retention may have deleted segments of the archive in `folder`. Who lists them asks afterwards: none goes before it is noted. */
export const hasDeleted = (folder: string): Promise<boolean> =>
  access(join(folder, DELETED_FILE)).then(
    () => true,
    () => false,
  );
