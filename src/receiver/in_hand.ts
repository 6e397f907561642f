import type { Answers } from './answers.ts';
import type { Taken } from './taken.ts';

/** What was read from one peer and is not settled yet: bytes that wait for their turn, entries that wait for the disk. */
export class InHand {
  readonly #answers: Answers;
  readonly #onLess: () => void;
  readonly #unsettled = new Set<Promise<void>>();
  #bytes = 0;

  /** `onLess` is called whenever something has settled. */
  constructor(answers: Answers, onLess: () => void) {
    this.#answers = answers;
    this.#onLess = onLess;
  }

  get bytes(): number {
    return this.#bytes;
  }

  add(bytes: number): void {
    this.#bytes += bytes;
  }

  remove(bytes: number): void {
    this.#bytes -= bytes;
    this.#onLess();
  }

  /** Answers what was taken once it is durable; rejected by the archive, it goes to `onFailed`. */
  async settle(
    { durable, sequence, reply }: Taken,
    bytes: number,
    onFailed: (error: Error) => void,
  ): Promise<void> {
    const done = durable.then(
      () => {
        if (reply !== undefined) this.#answers.write(reply);
        if (sequence !== undefined) this.#answers.acknowledge(sequence);
        this.remove(bytes);
      },
      (error: unknown) => {
        this.remove(bytes);
        onFailed(error as Error);
      },
    );
    this.#unsettled.add(done);
    await done;
    this.#unsettled.delete(done);
  }

  /** Settles when all that was taken so far is durable, and acknowledged. */
  async durable(): Promise<void> {
    await Promise.all(this.#unsettled);
    this.#answers.flush();
  }
}
