import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomically } from '../base/atomic_file.ts';
import type { Reject } from '../wire/messages.ts';

/**
 * Where batches go that a receiver will never take: `<state>/dead-letter/<shipper>/<epoch>-<sequence>.ndjson`, the
 * entries as they were, beside a `.json` that says why.
 */
export class DeadLetters {
  readonly #folder: string;
  #kept = 0;

  constructor(stateFolder: string, shipperId: string) {
    this.#folder = join(stateFolder, 'dead-letter', shipperId.replaceAll(':', '_'));
  }

  /** Batches kept so far by this process. */
  get kept(): number {
    return this.#kept;
  }

  /** Settles once the batch is on disk; the answer is its path. */
  async keep(
    epoch: number,
    entries: Buffer,
    { sequence, code, reason }: Reject,
    count: number,
  ): Promise<string> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const path = join(this.#folder, `${epoch}-${sequence}`);
    await writeFileAtomically(`${path}.ndjson`, entries.toString('utf8'));
    await writeFileAtomically(
      `${path}.json`,
      `${JSON.stringify({ epoch, sequence, count, code, reason })}\n`,
    );
    this.#kept += 1;
    return `${path}.ndjson`;
  }
}
