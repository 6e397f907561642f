import { mkdir, readdir, symlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';

/**
 * Makes `node_modules` in a folder, with a link to each package that is installed here. It is no link itself: `npm ci` there,
 * which `make` runs where the lock file is newer than what is installed, would empty the folder that all tests run on.
 */
export async function linkPackages(folder: string): Promise<void> {
  await mkdir(join(folder, 'node_modules'));
  for (const name of await readdir('node_modules'))
    await symlink(resolve('node_modules', name), join(folder, 'node_modules', name));
}
