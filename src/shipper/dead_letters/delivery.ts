import { randomUUID } from 'node:crypto';
import type { Logger } from '../../base/logger.ts';
import type { Lines } from '../../entry.ts';
import * as messages from '../../wire/messages.ts';
import { WireError } from '../../wire/wire_error.ts';
import { encodeBatch, type Compression } from '../encode.ts';
import { HelloPatience } from '../hello_patience.ts';
import { Line, refusal, type DialPlan } from '../line.ts';
import { tooLarge } from '../rejects.ts';
import { Round } from '../round.ts';
import { stayConnected } from '../stay_connected.ts';

export interface LetterDeliveryOptions {
  readonly dial: Omit<DialPlan, 'shipperId' | 'delivery'>;
  readonly reconnect: { readonly firstMs: number; readonly maxMs: number };
  readonly compression: Compression;
  /** What a batch may hold; only a single entry may be longer. */
  readonly maxBytes: number;
  readonly closeTimeoutMs: number;
  readonly log: Logger;
}

/** The entries of a letter, to go under a shipper id that nothing else uses. */
export interface Parcel {
  readonly shipperId: string;
  readonly entries: Lines;
  readonly crc: number;
}

export type Answer =
  | { readonly kind: 'stored' }
  | { readonly kind: 'rejected'; readonly code: string; readonly reason: string }
  /** The archive has something else under this id. Nothing was sent. */
  | { readonly kind: 'other' }
  /** It has to be divided. Nothing was sent, and nothing of it is stored. */
  | { readonly kind: 'too long'; readonly maxBytes: number };

/** A BATCH has a prefix before its body, and what does not compress grows a little: by less than a 64th. */
const PREFIX_ROOM_BYTES = 256;

/**
 * Gets a parcel to the receiver, as one batch. A batch that was rejected is followed by one with the next number, one
 * that was stored by none: so the receiver's word on the last number of this id says what became of the parcel,
 * whatever happened to earlier connections and processes.
 */
export class LetterDelivery {
  readonly #parcel: Parcel;
  readonly #options: LetterDeliveryOptions;
  readonly #round: Round;
  readonly #patience: HelloPatience;
  readonly #run = { id: randomUUID(), isReturning: false };
  /** The number it was sent under. */
  #sequence: number | undefined;
  #returnAfterMs: number | undefined;

  constructor(parcel: Parcel, options: LetterDeliveryOptions) {
    this.#parcel = parcel;
    this.#options = options;
    this.#round = new Round(options.dial.addresses, Math.random);
    this.#patience = new HelloPatience(options.dial.helloTimeoutMs, this.#round);
  }

  /**
   * Settles when the receiver has said what became of it; with undefined where `stop` aborted before. Rejects with
   * ShipperError where trying again would not help.
   */
  async answer(stop: AbortSignal): Promise<Answer | undefined> {
    const { reconnect, log } = this.#options;
    let answer: Answer | undefined;
    const connect = async (): Promise<Error | undefined> => {
      try {
        answer = await this.#oneConnection(stop);
        return undefined;
      } catch (error) {
        return this.#patience.judge(error as Error);
      }
    };
    const returnAfterMs = (): number | undefined => this.#returnAfterMs;
    const round = this.#round;
    await stayConnected({ round, connect, returnAfterMs, reconnect, random: Math.random, log }, stop);
    return answer;
  }

  async #oneConnection(stop: AbortSignal): Promise<Answer> {
    const { dial, closeTimeoutMs } = this.#options;
    const { shipperId } = this.#parcel;
    const run = { ...this.#run };
    const { timeoutMs: helloTimeoutMs } = this.#patience;
    const onAnswered = (): void => this.#patience.answered();
    const receiver = { ...dial, ...this.#round.address, helloTimeoutMs, onAnswered };
    this.#returnAfterMs = undefined;
    const line = await Line.dial({ ...receiver, delivery: 'acked', shipperId, epoch: null, run }, stop);
    this.#round.wasTaken();
    this.#run.isReturning = true;
    try {
      if (line.greeting.mode === 'acked') return await this.#converse(line, line.greeting);
      throw new WireError('unexpected_type', 'the receiver does not acknowledge');
    } finally {
      await line.end(closeTimeoutMs);
    }
  }

  async #converse(
    line: Line,
    { welcome, ready }: { readonly welcome: messages.Welcome; readonly ready: messages.Ready },
  ): Promise<Answer> {
    const { entries, crc } = this.#parcel;
    const before = whatIsThere(crc, ready);
    if (before === 'stored' || before === 'other') return { kind: before };
    if (before !== undefined && ready.sequence === this.#sequence) return { kind: 'rejected', ...before };
    const { maxFrameBytes, maxBatchBytes } = welcome;
    const mostOfFrame = Math.floor((maxFrameBytes * 63) / 64) - PREFIX_ROOM_BYTES;
    const maxBytes = Math.max(1, Math.min(this.#options.maxBytes, maxBatchBytes, mostOfFrame));
    if (entries.count > 1 && entries.bytes.length > maxBytes) return { kind: 'too long', maxBytes };
    const sequence = ready.sequence + 1;
    const batch = await encodeBatch(
      { sequence, count: entries.count, raw: entries.bytes, positions: {} },
      'acked',
      this.#compression(welcome),
    );
    const refused = tooLarge(batch, welcome);
    if (refused !== undefined) return { kind: 'rejected', code: refused.code, reason: refused.reason };
    this.#sequence = sequence;
    const answer = this.#answerTo(sequence, line);
    line.write([batch.head, batch.body]);
    return answer;
  }

  #compression({ algorithms }: messages.Welcome): Compression {
    const { compression } = this.#options;
    return algorithms.includes(compression.algorithm) ? compression : { ...compression, algorithm: 'gzip' };
  }

  /** What the receiver says to the batch; rejects where the connection ends before. */
  #answerTo(sequence: number, line: Line): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    line.listen(({ type, payload }) => {
      if (type === 'ACK') {
        if (messages.decodeAck(payload).sequence === sequence) resolve({ kind: 'stored' });
      } else if (type === 'REJECT') {
        const { code, reason } = messages.decodeReject(payload);
        resolve({ kind: 'rejected', code, reason });
      } else if (type === 'BYE') this.#returnAfterMs = messages.decodeBye(payload).returnAfterMs;
      else if (type === 'ERROR') reject(refusal(messages.decodeFault(payload)));
    });
    void line.closed.then((failure) => reject(failure ?? new Error('the receiver closed the connection')));
    return promise;
  }
}

/**
 * What the receiver's last word on an id says of the batch with this CRC-32: it is stored, something else is, or the
 * last one was rejected and why; undefined where there was none.
 */
export function whatIsThere(
  crc: number,
  ready: messages.Ready,
): 'stored' | 'other' | { readonly code: string; readonly reason: string } | undefined {
  if (ready.sequence === 0) return undefined;
  const rejected = ready.rejected?.find(({ sequence }) => sequence === ready.sequence);
  if (rejected === undefined && ready.crc === crc) return 'stored';
  if (rejected === undefined && ready.crc !== 0) return 'other';
  const reason = 'the receiver rejected it before the connection broke';
  return { code: rejected?.code ?? 'unknown', reason };
}
