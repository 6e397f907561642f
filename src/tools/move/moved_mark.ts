/**
 * `moved.json` in an archive's folder, or a worker's, says that its shippers go on elsewhere. A receiver that is started there by
 * habit would take what they have sent to others meanwhile for new, and store it once more.
 */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder, writeFileAtomically } from '../../base/atomic_file.ts';

export const MOVED_FILE = 'moved.json';

/** Settles when it is on disk. */
export async function markMoved(folder: string, stream: string): Promise<void> {
  await writeFileAtomically(join(folder, MOVED_FILE), `${JSON.stringify({ to: stream })}\n`);
}

/** The archive is the log of record again. Settles when that is on disk. */
export async function unmarkMoved(folder: string): Promise<void> {
  await rm(join(folder, MOVED_FILE), { force: true });
  await syncFolder(folder);
}

/** Throws Error where the folder is marked. */
export async function expectNotMoved(folder: string): Promise<void> {
  const mark = await readFile(join(folder, MOVED_FILE), 'utf8').catch(unlessAbsent);
  if (mark === undefined) return;
  throw new Error(
    `the log of record of ${folder} is in JetStream: ${mark.trim()}. Receivers have COMMIT_LOG=jetstream; to have it here, run: logferryd move --to archive ${folder}`,
  );
}

function unlessAbsent(error: unknown): undefined {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error;
}
