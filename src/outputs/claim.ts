/** One follower at a time of each output, whichever process it is in. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { FOLLOWERS_FOLDER } from '../archive/follower_places.ts';
import { isFolderLocked, lockFolder } from '../base/folder_lock.ts';
import type { OutputPlan } from './output.ts';

const lockOf = (folder: string, name: string): string => join(folder, FOLLOWERS_FOLDER, name);

/** Takes an output of the archive in `folder` for this process, and its file; the answer gives both back. Throws where another has one of them. */
export async function claimOutput(
  folder: string,
  { name, lockFolder: fileLock }: OutputPlan,
): Promise<AsyncDisposable> {
  await using held = new AsyncDisposableStack();
  for (const path of new Set([lockOf(folder, name), fileLock])) {
    await mkdir(path, { recursive: true, mode: 0o750 });
    const unlock = await lockFolder(path);
    if (unlock === undefined)
      throw new Error(`the output ${name} is being written by another follower (${path})`);
    held.defer(unlock);
  }
  return held.move();
}

/** True while a follower of this name is alive. */
export async function isFollowed(folder: string, name: string): Promise<boolean> {
  try {
    return await isFolderLocked(lockOf(folder, name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
