import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomically } from '../base/atomic_file.ts';
import type { Logger } from '../base/logger.ts';
import type { Reject } from '../wire/messages.ts';
import { rawOf, type Encoded } from './encode.ts';

/**
 * Where batches go that a receiver will never take: `<state>/dead-letter/<shipper>/<epoch>-<sequence>.ndjson`, the
 * entries as they were, beside a `.json` that says why.
 */
export class DeadLetters {
  readonly #folder: string;
  readonly #log: Logger;
  readonly #keeping = new Set<Promise<void>>();

  constructor(stateFolder: string, shipperId: string, log: Logger) {
    this.#folder = join(stateFolder, 'dead-letter', shipperId.replaceAll(':', '_'));
    this.#log = log;
  }

  /** Settles once the batch is on disk. Rejects where the disk does not take it. */
  async keep(epoch: number, batch: Encoded, { code, reason }: Reject): Promise<void> {
    const keeping = this.#write(epoch, batch, code, reason);
    this.#keeping.add(keeping);
    try {
      await keeping;
    } finally {
      this.#keeping.delete(keeping);
    }
  }

  /** Settles when nothing is being written. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#keeping);
  }

  async #write(epoch: number, batch: Encoded, code: string, reason: string): Promise<void> {
    const { sequence, count } = batch;
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const path = join(this.#folder, `${epoch}-${sequence}`);
    await writeFileAtomically(`${path}.ndjson`, await rawOf(batch));
    await writeFileAtomically(
      `${path}.json`,
      `${JSON.stringify({ epoch, sequence, count, code, reason })}\n`,
    );
    this.#log.error(
      { sequence, code, reason, entries: count, path: `${path}.ndjson` },
      `the receiver rejected batch ${sequence} (${reason}); it is kept in ${path}.ndjson`,
    );
  }
}
