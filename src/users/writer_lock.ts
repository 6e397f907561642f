/**
 * Who may write the files of users: one at a time, among all threads and processes. It is a lock of the system's own, by
 * way of SQLite, on a file that holds nothing: it goes with its process however that ends, and a process that is only
 * stopped for a while keeps it, so that nothing is ever taken from one that lives.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { DatabaseSync } from 'node:sqlite';

/** So long at most one that waits does not look: who wants others to have a turn leaves it free for longer. */
export const MOST_MS = 5;

/** It is asked for so often while another has it. */
const RETRY_MS = { first: 1, most: MOST_MS };

/** SQLite's number for a lock that another has. */
const SQLITE_BUSY = 5;

export class WriterLock implements Disposable {
  readonly #file: DatabaseSync;

  constructor(path: string) {
    this.#file = new DatabaseSync(path, { timeout: 0 });
  }

  /** Settles once it is had. Rejects when the signal aborts before. */
  async take(signal?: AbortSignal): Promise<void> {
    for (let waitMs = RETRY_MS.first; !this.#isTaken(); waitMs = Math.min(2 * waitMs, RETRY_MS.most))
      await delay(waitMs, undefined, { signal });
  }

  giveBack(): void {
    this.#file.exec('ROLLBACK');
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }

  #isTaken(): boolean {
    try {
      this.#file.exec('BEGIN EXCLUSIVE');
      return true;
    } catch (error) {
      if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return false;
      throw error;
    }
  }
}
