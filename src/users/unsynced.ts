/** What was written to files and not yet forced to disk. */
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncFolder } from '../base/atomic_file.ts';
import { eachOf } from './each_of.ts';

export class Unsynced {
  readonly #files = new Set<string>();
  readonly #folders = new Set<string>();

  get files(): number {
    return this.#files.size;
  }

  /** `isNew`: its name, and maybe that of its folder, are new as well. */
  add(path: string, { isNew }: { readonly isNew: boolean }): void {
    this.#files.add(path);
    if (!isNew) return;
    this.#folders.add(dirname(path));
    this.#folders.add(dirname(dirname(path)));
  }

  /** Forces all to disk. What was deleted meanwhile is nobody's any more. */
  async sync(): Promise<void> {
    await eachOf([...this.#files], (path) => unlessGone(() => syncFile(path)));
    await eachOf([...this.#folders], (path) => unlessGone(() => syncFolder(path)));
    this.#files.clear();
    this.#folders.clear();
  }
}

async function syncFile(path: string): Promise<void> {
  await using file = await open(path, 'r');
  await file.datasync();
}

async function unlessGone(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
