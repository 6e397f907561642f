import { watch, type FSWatcher } from 'node:fs';
import { dirname, join } from 'node:path';

/** Folders watched; the files of others are found by looking from time to time. */
const MAX_FOLDERS = 1000;

/**
 * Wakes whoever waits when something happens in the folders of the files: sooner than the next look, and never instead of
 * one, as some file systems tell nothing.
 */
export class Wake implements Disposable {
  readonly #folders = new Map<string, FSWatcher | undefined>();
  #known: { has(path: string): boolean } = new Set<string>();
  #changed = new Set<string>();
  #wakeUp: (() => void) | undefined;
  #isAwake = false;
  /** True where files came, went or were renamed since it was last set back. */
  hasRenames = false;

  /** Watches these folders, and no others; in them it heeds who comes, goes or is renamed, and what is written to these paths. */
  watch(folders: ReadonlySet<string>, known: { has(path: string): boolean }): void {
    this.#known = known;
    for (const [folder, watcher] of this.#folders) {
      if (folders.has(folder) && watcher !== undefined) continue;
      watcher?.close();
      this.#folders.delete(folder);
    }
    for (const folder of folders) {
      if (this.#folders.size >= MAX_FOLDERS) return;
      if (!this.#folders.has(folder)) this.#folders.set(folder, this.#watchOne(folder));
    }
  }

  /** The paths that were written to since the last call. */
  takeChanged(): ReadonlySet<string> {
    const changed = this.#changed;
    this.#changed = new Set();
    return changed;
  }

  notify(): void {
    this.#isAwake = true;
    this.#wakeUp?.();
  }

  /** Settles at the next `notify`, also one since the last call, or after so long. */
  async wait(ms: number): Promise<void> {
    if (!this.#isAwake) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.max(0, ms));
        this.#wakeUp = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#wakeUp = undefined;
    }
    this.#isAwake = false;
  }

  [Symbol.dispose](): void {
    this.watch(new Set(), new Set());
  }

  #watchOne(folder: string): FSWatcher | undefined {
    try {
      const watcher = watch(folder, { persistent: false }, (event, name) => {
        const path = join(folder, name ?? '');
        if (event === 'rename') this.hasRenames = true;
        else if (this.#known.has(path)) this.#changed.add(path);
        else return;
        this.notify();
      });
      watcher.on('error', () => {
        watcher.close();
        this.#folders.set(folder, undefined);
      });
      return watcher;
    } catch {
      // It is gone, or the system watches no more: looking from time to time finds what it would have told.
      return undefined;
    }
  }
}

/** The folders of these paths. */
export const foldersOf = (paths: Iterable<string>): Set<string> =>
  new Set([...paths].map((path) => dirname(path)));
