import type { Encoded } from '../encode.ts';

/** Batches by their number, up to so many bytes: those that do not fit are not kept. */
export class BatchCache {
  readonly #maxBytes: number;
  readonly #batches = new Map<number, Encoded>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  offer(batch: Encoded): void {
    if (this.#bytes + sizeOf(batch) > this.#maxBytes) return;
    this.#batches.set(batch.sequence, batch);
    this.#bytes += sizeOf(batch);
  }

  take(sequence: number): Encoded | undefined {
    const batch = this.#batches.get(sequence);
    if (batch === undefined) return undefined;
    this.#batches.delete(sequence);
    this.#bytes -= sizeOf(batch);
    return batch;
  }
}

const sizeOf = ({ head, body }: Encoded): number => head.length + body.length;
