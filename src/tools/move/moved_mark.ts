/**
 * `moved.json` in an archive's folder, or a worker's, says that its shippers go on elsewhere. A receiver that is started there by
 * habit would take what they have sent to others meanwhile for new, and store it once more.
 */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder, writeFileAtomically } from '../../base/atomic_file.ts';

export const MOVED_FILE = 'moved.json';

/** Settles when it is on disk. Where it is already nothing is written: the disk may be full. */
export async function markMoved(folder: string, stream: string): Promise<void> {
  const mark = `${JSON.stringify({ to: stream })}\n`;
  if ((await readMark(folder)) !== mark) await writeFileAtomically(join(folder, MOVED_FILE), mark);
}

/** The archive is the log of record again. Settles when that is on disk. */
export async function unmarkMoved(folder: string): Promise<void> {
  await rm(join(folder, MOVED_FILE), { force: true });
  await syncFolder(folder);
}

/** Throws Error where the folder is marked. */
export async function expectNotMoved(folder: string): Promise<void> {
  const mark = await readMark(folder);
  if (mark === undefined) return;
  throw new Error(
    `the log of record of ${folder} is in JetStream: ${mark.trim()}. Receivers have COMMIT_LOG=jetstream; to have it here, run: logferryd move --to archive ${folder}`,
  );
}

const readMark = (folder: string): Promise<string | undefined> =>
  readFile(join(folder, MOVED_FILE), 'utf8').catch(unlessAbsent);

function unlessAbsent(error: unknown): undefined {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error;
}
