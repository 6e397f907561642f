import { spawnSync } from 'node:child_process';
import { temporaryFolder, type TemporaryFolder } from './temp_folder.ts';

/** A folder on a disk of so many MiB; undefined where this user may not mount one: that is said. */
export async function smallDisk(mebibytes: number): Promise<TemporaryFolder | undefined> {
  const folder = await temporaryFolder();
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', folder.path]);
  if (mounted.status !== 0) {
    process.stderr.write('SKIPPED: no tmpfs can be mounted here, so the test on a full disk did not run\n');
    await folder[Symbol.asyncDispose]();
    return undefined;
  }
  return {
    ...folder,
    async [Symbol.asyncDispose]() {
      spawnSync('umount', ['-l', folder.path]);
      await folder[Symbol.asyncDispose]();
    },
  };
}
