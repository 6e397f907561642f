import type { Encoded } from './encode.ts';

/**
 * The batches that are not acknowledged yet, in the order of their numbers: first those written to the current
 * connection, then those that wait for room in the window.
 */
export class Outbox {
  #batches: Encoded[] = [];
  #sentCount = 0;
  #sentBytes = 0;
  #highestSent = 0;

  get isEmpty(): boolean {
    return this.#batches.length === 0;
  }

  get size(): number {
    return this.#batches.length;
  }

  /** Batches not written to the current connection. */
  get unsent(): number {
    return this.#batches.length - this.#sentCount;
  }

  /** The highest number ever written to a connection (or, at the start, known to the receiver). */
  get highestSent(): number {
    return this.#highestSent;
  }

  /** Begins after the numbers the receiver already has. */
  startAfter(sequence: number): void {
    this.#highestSent = sequence;
  }

  add(batch: Encoded): void {
    this.#batches.push(batch);
  }

  /** The next batch to write, if the window has room for it; one is always let through. */
  next(windowBytes: number): Encoded | undefined {
    const batch = this.#batches[this.#sentCount];
    if (batch === undefined || this.#sentCount === 0) return batch;
    return this.#sentBytes + sizeOf(batch) > windowBytes ? undefined : batch;
  }

  /** The batch with this number, if it is not acknowledged. */
  find(sequence: number): Encoded | undefined {
    return this.#batches.find((batch) => batch.sequence === sequence);
  }

  /** Counts the batch that `next` gave as written. */
  sent(batch: Encoded): void {
    this.#sentCount += 1;
    this.#sentBytes += sizeOf(batch);
    this.#highestSent = Math.max(this.#highestSent, batch.sequence);
  }

  /** Puts another encoding in the place of a batch, if it is still here. */
  replace(batch: Encoded, again: Encoded): void {
    const index = this.#batches.indexOf(batch);
    if (index !== -1) this.#batches[index] = again;
  }

  /** A new connection: everything has to be written again. The answer is how many had been written before. */
  rewind(): number {
    this.#sentCount = 0;
    this.#sentBytes = 0;
    return this.#batches.filter(({ sequence }) => sequence <= this.#highestSent).length;
  }

  /** Removes and yields the batches up to `sequence`. */
  *takeUpTo(sequence: number): Generator<Encoded, void, undefined> {
    for (
      let batch = this.#batches[0];
      batch !== undefined && batch.sequence <= sequence;
      batch = this.#batches[0]
    ) {
      this.#batches.shift();
      if (this.#sentCount > 0) {
        this.#sentCount -= 1;
        this.#sentBytes -= sizeOf(batch);
      }
      yield batch;
    }
  }
}

const sizeOf = ({ head, body }: Encoded): number => head.length + body.length;
