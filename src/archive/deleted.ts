/**
 * `deleted.json` says that retention has deleted segments of this archive, and the newest of them: what is not here may have
 * been. It is written after the fact, so one that went with a crash is told by the next.
 */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomically } from '../base/atomic_file.ts';

export const DELETED_FILE = 'deleted.json';

/** Notes that the segment of this name is gone. */
export const noteDeleted = (folder: string, segment: string): Promise<void> =>
  writeFileAtomically(join(folder, DELETED_FILE), `${JSON.stringify({ segment })}\n`);

/** True where retention has deleted segments of the archive in `folder`. */
export const hasDeleted = (folder: string): Promise<boolean> =>
  access(join(folder, DELETED_FILE)).then(
    () => true,
    () => false,
  );
