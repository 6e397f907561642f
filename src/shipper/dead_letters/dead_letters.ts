import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '../../base/logger.ts';
import type { Reject } from '../../wire/messages.ts';
import { writeLetter } from './file.ts';
import { deadLetterFolder, folderNameOf, freeName, makeFolder } from './folder.ts';
import { rawOf, type Encoded } from '../encode.ts';

/**
 * Where batches go that a receiver will never take: `<state>/dead-letter/<shipper>/<epoch>-<sequence>.ndjson`, the
 * entries as they were, beside a `.json` that says why.
 */
export class DeadLetters {
  readonly #shipperId: string;
  readonly #folder: string;
  readonly #log: Logger;

  constructor(stateFolder: string, shipperId: string, log: Logger) {
    this.#shipperId = shipperId;
    this.#folder = join(deadLetterFolder(stateFolder), folderNameOf(shipperId));
    this.#log = log;
  }

  /**
   * Settles once the batch is on disk; rejects where the disk does not take it. A letter that is there already, and holds
   * the same, is not written again; one that holds something else is let be.
   */
  async keep(epoch: number, batch: Encoded, { code, reason }: Reject): Promise<void> {
    const { sequence, count } = batch;
    const entries = await rawOf(batch);
    await makeFolder(this.#folder);
    let path = join(this.#folder, `${epoch}-${sequence}.ndjson`);
    if (!(await holds(path, entries))) {
      path = join(this.#folder, `${await freeName(this.#folder, epoch, sequence)}.ndjson`);
      const note = { shipper: this.#shipperId, epoch, sequence, count, code, reason };
      await writeLetter({ path, note, entries });
    }
    this.#log.error(
      { sequence, code, reason, entries: count, path },
      `the receiver rejected batch ${sequence} (${reason}); it is kept in ${path}`,
    );
  }
}

/** True where the file at `path` is these entries; what can't be read is something else. */
const holds = (path: string, entries: Buffer): Promise<boolean> =>
  readFile(path).then(
    (bytes) => entries.equals(bytes),
    () => false,
  );
