import { appendFile, mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Past this the rejected are only counted: what a peer sends wrong must not fill the disk. */
const MAX_BYTES = 64 * 1024 * 1024;

export interface Rejected {
  /** Address of the peer it came from. */
  readonly peer: string;
  readonly code: string;
  readonly reason: string;
  /** The text as it came. */
  readonly text: string;
}

/** `rejected/plain.jsonl`: what plain peers sent that is not an entry, a JSON line each. */
export class RejectedFile {
  readonly #path: string;
  readonly #folder: string;
  #bytes: number | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(dataFolder: string) {
    this.#folder = join(dataFolder, 'rejected');
    this.#path = join(this.#folder, 'plain.jsonl');
  }

  /** Settles once they are written (or the file is full). Rejects where the disk does not take them. */
  add(rejected: readonly Rejected[], now: number): Promise<void> {
    const receivedAt = new Date(now).toISOString();
    const text = rejected.map((one) => `${JSON.stringify({ receivedAt, ...one })}\n`).join('');
    const written = this.#writing.then(() => this.#append(text));
    this.#writing = written.catch(() => undefined);
    return written;
  }

  async #append(text: string): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    this.#bytes ??= await sizeOf(this.#path);
    if (this.#bytes + text.length > MAX_BYTES) return;
    this.#bytes += text.length;
    await appendFile(this.#path, text, { mode: 0o640 });
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
}
