import type { Ready, Reject, Welcome } from '../wire/messages.ts';
import type { Counts } from './counts.ts';
import type { DeadLetters } from './dead_letters/dead_letters.ts';
import type { Encoded } from './encode.ts';

/** Which batches a receiver will never take: told as they come, buried once they are settled. */
export class Rejects {
  readonly #deadLetters: DeadLetters;
  readonly #counts: Counts;
  readonly #known = new Map<number, Reject>();

  constructor(deadLetters: DeadLetters, counts: Counts) {
    this.#deadLetters = deadLetters;
    this.#counts = counts;
  }

  add(reject: Reject): void {
    this.#known.set(reject.sequence, reject);
  }

  /** Those behind `acknowledged` whose REJECT may have been lost with its connection. */
  learn({ rejected = [] }: Ready, acknowledged: number): void {
    for (const { sequence, code } of rejected) {
      if (this.#known.has(sequence) || sequence <= acknowledged) continue;
      const reason = 'the receiver rejected it before the connection broke';
      this.add({ sequence, code: code as Reject['code'], reason });
    }
  }

  /** Counts a batch the receiver is done with. Settles at once where it has it; where it was rejected, once it is kept here. */
  async settle(batch: Encoded, epoch: number): Promise<void> {
    const reject = this.#known.get(batch.sequence);
    if (reject === undefined) {
      this.#counts.acknowledged += batch.count;
      return;
    }
    this.#known.delete(batch.sequence);
    this.#counts.rejected += batch.count;
    await this.#deadLetters.keep(epoch, batch, reject);
  }
}

/**
 * A batch past what the receiver takes (one huge entry, or limits lowered since it was made) would end every connection:
 * why it is not to be sent, or undefined where it is.
 */
export function tooLarge(
  { sequence, rawLength, head, body }: Encoded,
  { maxFrameBytes, maxBatchBytes }: Welcome,
): Reject | undefined {
  const frameBytes = head.length + body.length;
  if (frameBytes <= maxFrameBytes && rawLength <= maxBatchBytes) return undefined;
  const code = frameBytes > maxFrameBytes ? 'frame_too_large' : 'batch_too_large';
  const reason = `${rawLength} bytes (${frameBytes} as a frame) are past what the receiver takes: ${maxBatchBytes} (${maxFrameBytes} as a frame)`;
  return { sequence, code, reason };
}
