import { HEADER_BYTES, type Algorithm } from '../wire/frame.ts';
import type { Logger } from '../base/logger.ts';
import * as messages from '../wire/messages.ts';
import { encodeAgain, type Compression, type Encoded, type Mode } from './encode.ts';
import type { Line } from './line.ts';
import type { Outbox } from './outbox.ts';
import { tooLarge, type Rejects } from './rejects.ts';

/** To a plain receiver: bytes written that the system has not taken yet. */
const PLAIN_WINDOW_BYTES = 1024 * 1024;

/** Why a receiver lacks what it had acknowledged. */
const FORGOTTEN = 'acknowledged before, and no longer known to the receiver';

export interface BatchWriterOptions {
  readonly outbox: Outbox;
  readonly rejects: Rejects;
  /** For batches that have to be encoded again for another kind of receiver. */
  readonly compression: () => Compression;
  readonly log: Logger;
  /** Called when something was written. */
  readonly onWritten: () => void;
  /** Called with the number up to which a plain receiver's system has all. */
  readonly onFlushed: (sequence: number) => void;
  readonly onFailed: (error: Error) => void;
}

/** Writes batches to the line of the moment, in the form its receiver takes, while its window has room. */
export class BatchWriter {
  readonly #options: BatchWriterOptions;
  #line: Line | undefined;
  #isWriting = false;
  /** The number up to which the receiver has all, or knows why not, once what this line carries has arrived. */
  #reached = 0;
  windowBytes = PLAIN_WINDOW_BYTES;
  /** What the receiver takes; undefined before it has said. */
  algorithms: readonly Algorithm[] | undefined;
  /** True once the line of a plain receiver has taken a batch. */
  #hasFlushed = false;
  /** Why a plain receiver may lack what counts as sent: a connection that took some of it did not end in order. */
  doubt: Error | undefined;

  constructor(options: BatchWriterOptions) {
    this.#options = options;
  }

  get line(): Line | undefined {
    return this.#line;
  }

  /** A plain receiver has said nothing of itself. */
  usePlain(): void {
    this.windowBytes = PLAIN_WINDOW_BYTES;
  }

  /** From now on batches go to this line. */
  begin(line: Line): void {
    this.#line = line;
    this.#hasFlushed = false;
    if (line.mode === 'plain') void line.closed.then((failure) => this.#plainClosed(line, failure));
  }

  /** Nothing more is written to the line, which is the answer. */
  end(): Line | undefined {
    const line = this.#line;
    this.#line = undefined;
    return line;
  }

  /** The receiver of the line that is to begin has all up to `reached`; of what it lacks up to `to` it is told that it will never come. */
  reach(line: Line, reached: number, to = reached): void {
    this.#reached = reached;
    this.#declareGap(line, to);
  }

  /** Writes what there is to write. */
  pump(): void {
    if (this.#isWriting) return;
    this.#isWriting = true;
    this.#writeWhatFits().catch((error: unknown) => this.#options.onFailed(error as Error));
  }

  async #writeWhatFits(): Promise<void> {
    const { outbox, compression, onFlushed } = this.#options;
    for (;;) {
      const line = this.#line;
      const batch = outbox.next(this.windowBytes);
      if (line === undefined || batch === undefined) {
        this.#isWriting = false;
        return;
      }
      if (batch.gapFrom !== undefined && line.mode === 'plain') {
        outbox.sent(batch);
        onFlushed(batch.sequence);
      } else if (this.#isFit(batch, line.mode)) this.#write(line, batch);
      else outbox.replace(batch, await encodeAgain(batch, line.mode, compression()));
    }
  }

  /** False for a batch made for another kind of receiver, or one that takes more: before any had said what it takes. */
  #isFit({ mode, algorithm }: Encoded, lineMode: Mode): boolean {
    return mode === lineMode && (algorithm !== 'zstd' || this.algorithms?.includes('zstd') !== false);
  }

  #write(line: Line, batch: Encoded): void {
    const { outbox, onWritten } = this.#options;
    outbox.sent(batch);
    if (line.mode === 'plain') line.write([batch.head, batch.body], () => this.#flushed(line, batch));
    else this.#writeNumbered(line, batch);
    onWritten();
  }

  #writeNumbered(line: Line, batch: Encoded): void {
    const { sequence, count: entries, positions, gapFrom, head, body } = batch;
    this.#declareGap(line, (gapFrom ?? sequence) - 1);
    const refused = line.greeting.mode === 'acked' ? tooLarge(batch, line.greeting.welcome) : undefined;
    if (gapFrom !== undefined) line.write([gapBehind(head, this.#reached)]);
    else if (refused === undefined) line.write([head, body]);
    else {
      this.#options.rejects.add(refused);
      const gap = { from: sequence, to: sequence, entries, reason: refused.code, positions };
      line.write([messages.encodeGap(gap)]);
    }
    this.#reached = sequence;
  }

  /** Tells the receiver that what it lacks up to `to` will never come; there may be nothing to tell. */
  #declareGap(line: Line, to: number): void {
    if (to <= this.#reached) return;
    const gap = { from: this.#reached + 1, to, entries: 0, reason: FORGOTTEN };
    this.#reached = to;
    this.#options.log.error(gap, `the receiver does not have batches ${gap.from} to ${to}: ${gap.reason}`);
    line.write([messages.encodeGap(gap)]);
  }

  /** A line that is still in use was not ended from here. */
  #plainClosed(line: Line, failure = new Error('the receiver closed the connection')): void {
    if (line === this.#line && this.#hasFlushed) this.doubt ??= failure;
  }

  #flushed(line: Line, { sequence }: Encoded): void {
    if (line !== this.#line && this.#line !== undefined) return;
    this.#hasFlushed = true;
    this.#options.onFlushed(sequence);
    this.pump();
  }
}

/** A GAP of which the receiver has the first part (it was sent before it was dropped) is declared for the rest alone. */
function gapBehind(frame: Buffer, reached: number): Buffer {
  const gap = messages.decodeGap(frame.subarray(HEADER_BYTES));
  return gap.from > reached ? frame : messages.encodeGap({ ...gap, from: reached + 1 });
}
