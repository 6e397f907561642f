/**
 * Gets batches to the receiver, whatever happens to the connection. Batches are held, in order, until they are
 * acknowledged; after a reconnect those the receiver does not have are sent again under the same numbers.
 */
import { randomUUID } from 'node:crypto';
import type { Logger } from '../base/logger.ts';
import { Signal } from '../base/signal.ts';
import type { SourcePositions } from '../entry.ts';
import { HEADER_BYTES, type Algorithm, type Frame } from '../wire/frame.ts';
import * as messages from '../wire/messages.ts';
import { WireError } from '../wire/wire_error.ts';
import type { Counts } from './counts.ts';
import type { DeadLetters } from './dead_letters/dead_letters.ts';
import { encodeAgain, type Compression, type Encoded, type Mode } from './encode.ts';
import { Line, refusal, type DialOptions, type Greeting } from './line.ts';
import { Outbox } from './outbox.ts';
import { Rejects, tooLarge } from './rejects.ts';
import { isReceiverWithUs } from './resume.ts';
import { ShipperError } from './shipper_error.ts';
import { stayConnected } from './stay_connected.ts';

export interface DeliveryOptions {
  readonly dial: Omit<DialOptions, 'epoch' | 'run'>;
  readonly reconnect: { readonly firstMs: number; readonly maxMs: number };
  /** True where the source can begin again at the receiver's word: then a receiver that lost data is told to nobody but the user. */
  readonly canReread: boolean;
  /** For batches that have to be encoded again for another kind of receiver. */
  readonly compression: () => Compression;
  readonly deadLetters: DeadLetters;
  readonly counts: Counts;
  readonly log: Logger;
  /** Called when something on its way has arrived. */
  readonly onFreed: () => void;
  /** Called once, when delivery has failed for good. */
  readonly onFailed?: () => void;
  /** The epoch of the numbers given to `send`, where they have one already; else the receiver names it. */
  readonly epoch?: number;
  /** Called with the highest number of which everything up to it has settled. */
  readonly onSettled?: (sequence: number) => void;
  readonly random?: () => number;
  readonly now?: () => number;
}

/** Where the shipper begins, by the receiver's word. */
export interface Place {
  /** The number of the first batch. */
  readonly nextSequence: number;
  readonly positions: SourcePositions;
  /** What the receiver takes; undefined for a plain one, which does not say. */
  readonly welcome?: messages.Welcome;
}

/** Batches encoded and not yet sent: enough that the line never waits for the next one. */
const MAX_UNSENT = 4;

/** To a plain receiver: bytes written that the system has not taken yet. */
const PLAIN_WINDOW_BYTES = 1024 * 1024;

/** How many times HELLO_TIMEOUT a receiver that acknowledged before may take. */
const HELLO_PATIENCE = 5;

/** Why a receiver lacks what it had acknowledged. */
const FORGOTTEN = 'acknowledged before, and no longer known to the receiver';

export class Delivery {
  readonly #options: DeliveryOptions;
  readonly #changed = new Signal();
  readonly #place = Promise.withResolvers<Place>();
  readonly #stopped = new AbortController();
  readonly #running: Promise<void>;
  readonly #rejects: Rejects;
  readonly #outbox = new Outbox();
  readonly #runId = randomUUID();
  #windowBytes = PLAIN_WINDOW_BYTES;
  #isPumping = false;
  #isClosing = false;
  #epoch: number | null = null;
  /** The highest number that a receiver has acknowledged; what a plain one was sent is not in it. */
  #acknowledged = 0;
  /** The highest number that is off our hands, a plain receiver's included. */
  #settled = 0;
  /** Settles when all of them that were rejected are kept as dead letters. */
  #kept: Promise<void> = Promise.resolve();
  /** The number up to which the receiver has all, or knows why not, once what this connection carries has arrived. */
  #reached = 0;
  #line: Line | undefined;
  #returnAfterMs: number | undefined;
  #wasToldPlain = false;
  #hasPlace = false;
  #failure: Error | undefined;

  constructor(options: DeliveryOptions) {
    this.#options = options;
    this.#epoch = options.epoch ?? null;
    this.#rejects = new Rejects(options.deadLetters, options.counts);
    this.#place.promise.catch(() => undefined);
    const { dial, reconnect, log, random = Math.random } = options;
    const where = `${dial.host}:${dial.port}`;
    const connect = async (): Promise<Error | undefined> => {
      const broken = await this.#oneConnection();
      return this.#isClosing ? undefined : broken;
    };
    const returnAfterMs = (): number | undefined => this.#takeReturnAfterMs();
    this.#running = stayConnected(
      { connect, returnAfterMs, reconnect, where, random, log },
      this.#stopped.signal,
    ).catch((error: unknown) => this.#fail(error as Error));
  }

  /** Settles with the first connection. Rejects with ShipperError where there will be none. */
  get place(): Promise<Place> {
    return this.#place.promise;
  }

  /** How the receiver is spoken to now, or was last. */
  mode: Mode = 'acked';

  /** What the receiver takes; undefined before it has said. */
  algorithms: readonly Algorithm[] | undefined;

  /** True while anything is on its way. */
  get isBusy(): boolean {
    return !this.#outbox.isEmpty;
  }

  /** True while batches wait for the receiver: what is slow is not on this side. */
  get isHeldBack(): boolean {
    return this.#outbox.unsent >= MAX_UNSENT;
  }

  get isConnected(): boolean {
    return this.#line !== undefined;
  }

  /** Takes a batch to deliver; they must come in the order of their numbers. Settles when there is room for the next. Throws ShipperError once delivery has failed. */
  async send(batch: Encoded): Promise<void> {
    this.#outbox.add(batch);
    if (batch.sequence <= this.#acknowledged) this.#settleUpTo(this.#acknowledged);
    this.#pump();
    while (this.isHeldBack && this.#failure === undefined) await this.#changed.wait();
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Settles when everything taken is acknowledged or kept as a dead letter. Throws ShipperError once delivery has failed. */
  async drained(): Promise<void> {
    while (!this.#outbox.isEmpty && this.#failure === undefined) await this.#changed.wait();
    await this.#kept.catch(() => undefined);
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Ends the connection in order; the answer is what went wrong with that, if anything. Nothing more is sent. */
  async close(timeoutMs: number): Promise<Error | undefined> {
    const line = this.#line;
    this.#line = undefined;
    this.#isClosing = true;
    const failure = await line?.end(timeoutMs);
    this.#stopped.abort();
    await this.#running;
    return failure;
  }

  /** Connects, and uses the connection until it is gone; the answer is why it is. */
  async #oneConnection(): Promise<Error> {
    try {
      const line = await Line.dial(this.#dialOptions(), this.#stopped.signal);
      this.#begin(line);
      const failure = await line.closed;
      return this.#failure ?? failure ?? new Error('the receiver closed the connection');
    } catch (error) {
      return error as Error;
    } finally {
      this.#line = undefined;
    }
  }

  /** A receiver that acknowledged before is given more time to say so again: plain is no way on for it. */
  #dialOptions(): DialOptions {
    const { dial } = this.#options;
    const patience = this.#acknowledged > 0 ? HELLO_PATIENCE : 1;
    const run = { id: this.#runId, isReturning: this.#hasPlace };
    return { ...dial, helloTimeoutMs: dial.helloTimeoutMs * patience, epoch: this.#epoch, run };
  }

  #begin(line: Line): void {
    const { log, counts, dial } = this.#options;
    const { greeting } = line;
    counts.connections += 1;
    this.mode = greeting.mode;
    try {
      if (greeting.mode === 'acked') this.#resume(greeting, line);
      else this.#resumePlain();
    } catch (error) {
      line.destroy();
      throw error;
    }
    counts.resent += this.#outbox.rewind();
    this.#line = line;
    line.listen((frame) => this.#received(frame, line));
    log.info(
      { mode: this.mode, resend: this.#outbox.size },
      `connected to ${dial.host}:${dial.port} (${this.mode})`,
    );
    this.#changed.notify();
    this.#pump();
  }

  /** Takes the receiver's word for what it has, and lets go of that. */
  #resume({ welcome, ready }: Extract<Greeting, { mode: 'acked' }>, line: Line): void {
    this.#epoch = ready.epoch;
    this.#windowBytes = ready.windowBytes;
    this.algorithms = welcome.algorithms;
    if (this.#hasPlace) this.#resumeKnown(ready, line);
    else this.#start(ready, welcome);
  }

  #start({ sequence, positions }: messages.Ready, welcome: messages.Welcome): void {
    this.#hasPlace = true;
    this.#reached = this.#acknowledged = sequence;
    this.#outbox.startAfter(sequence);
    this.#settleUpTo(sequence);
    this.#place.resolve({ nextSequence: sequence + 1, positions, welcome });
  }

  #resumeKnown(ready: messages.Ready, line: Line): void {
    const { canReread, dial } = this.#options;
    const { sequence } = ready;
    this.#rejects.learn(ready, this.#acknowledged);
    const isWithUs = isReceiverWithUs(ready, {
      shipperId: dial.shipperId,
      acknowledged: this.#acknowledged,
      highestSent: this.#outbox.highestSent,
      crc: this.#outbox.find(sequence)?.crc,
      canReread,
    });
    const isKnownLine = this.#acknowledged > 0;
    this.#acknowledged = Math.max(this.#acknowledged, sequence);
    this.#settleUpTo(sequence);
    this.#reached = isKnownLine ? sequence : Math.max(sequence, this.#settled);
    this.#declareGap(
      line,
      this.#settled,
      isWithUs ? 'sent to a receiver that does not acknowledge' : FORGOTTEN,
    );
  }

  /** Tells the receiver that what it lacks up to `to` will never come; there may be nothing to tell. */
  #declareGap(line: Line, to: number, reason: string): void {
    if (to <= this.#reached) return;
    const gap = { from: this.#reached + 1, to, entries: 0, reason };
    this.#reached = to;
    this.#options.log.error(gap, `the receiver does not have batches ${gap.from} to ${to}: ${reason}`);
    line.write([messages.encodeGap(gap)]);
  }

  #resumePlain(): void {
    this.#windowBytes = PLAIN_WINDOW_BYTES;
    this.#hasPlace = true;
    this.#epoch ??= (this.#options.now ?? Date.now)();
    this.#place.resolve({ nextSequence: 1, positions: {} });
    if (this.#wasToldPlain || this.#options.dial.delivery === 'plain') return;
    this.#wasToldPlain = true;
    this.#options.log.warn(
      'THE RECEIVER DOES NOT ACKNOWLEDGE (no answer to HELLO): shipping in the original protocol, what is lost on the way is not noticed',
    );
  }

  #received({ type, payload }: Frame, line: Line): void {
    if (type === 'ACK') this.#acked(messages.decodeAck(payload));
    else if (type === 'REJECT') this.#rejects.add(messages.decodeReject(payload));
    else if (type === 'BYE') this.#returnAfterMs = messages.decodeBye(payload).returnAfterMs;
    else if (type === 'ERROR') {
      const error = refusal(messages.decodeFault(payload));
      if (error instanceof ShipperError) this.#failure = error;
      line.destroy(error);
    }
  }

  /** How long the receiver asked us to stay away, told once. */
  #takeReturnAfterMs(): number | undefined {
    const asked = this.#returnAfterMs;
    this.#returnAfterMs = undefined;
    return asked;
  }

  #acked({ sequence, windowBytes }: messages.Ack): void {
    if (sequence > this.#outbox.highestSent)
      throw new WireError('bad_message', `batch ${sequence} is acknowledged, and was never sent`);
    this.#windowBytes = windowBytes;
    this.#acknowledged = Math.max(this.#acknowledged, sequence);
    this.#settleUpTo(sequence);
    this.#pump();
  }

  /** Lets go of batches up to `sequence`: they are durable (to a plain receiver: written), or rejected and kept here. */
  #settleUpTo(sequence: number): void {
    this.#settled = Math.max(this.#settled, sequence);
    const kept = [...this.#outbox.takeUpTo(sequence)].map((batch) => this.#letGo(batch));
    this.#kept = Promise.all([this.#kept, ...kept]).then(() => this.#options.onSettled?.(sequence));
    this.#kept.catch(() => undefined);
    this.#changed.notify();
    this.#options.onFreed();
  }

  /** Settles once a batch the receiver is done with is counted, or, where it was rejected, kept here. */
  async #letGo(batch: Encoded): Promise<void> {
    try {
      await this.#rejects.settle(batch, this.#epoch ?? 0);
    } catch (cause) {
      const message = `batch ${batch.sequence} was rejected and could not be kept: ${(cause as Error).message}`;
      this.#fail(new ShipperError('gave_up', message, { cause }));
      throw cause;
    }
  }

  #pump(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    this.#writeWhatFits().catch((error: unknown) => this.#fail(error as Error));
  }

  /** Writes batches while the window has room. */
  async #writeWhatFits(): Promise<void> {
    for (;;) {
      const line = this.#line;
      const batch = this.#outbox.next(this.#windowBytes);
      if (line === undefined || batch === undefined) {
        this.#isPumping = false;
        return;
      }
      if (batch.gapFrom !== undefined && line.mode === 'plain') {
        this.#outbox.sent(batch);
        this.#settleUpTo(batch.sequence);
      } else if (this.#isFit(batch, line.mode)) this.#write(line, batch);
      else this.#outbox.replace(batch, await encodeAgain(batch, line.mode, this.#options.compression()));
    }
  }

  /** False for a batch made for another kind of receiver, or one that takes more: before any had said what it takes. */
  #isFit({ mode, algorithm }: Encoded, lineMode: Mode): boolean {
    return mode === lineMode && (algorithm !== 'zstd' || this.algorithms?.includes('zstd') !== false);
  }

  #write(line: Line, batch: Encoded): void {
    this.#outbox.sent(batch);
    if (line.mode === 'plain') line.write([batch.head, batch.body], () => this.#flushed(line, batch));
    else this.#writeNumbered(line, batch);
    this.#changed.notify();
  }

  #writeNumbered(line: Line, batch: Encoded): void {
    const { sequence, count: entries, positions, gapFrom, head, body } = batch;
    this.#declareGap(line, (gapFrom ?? sequence) - 1, FORGOTTEN);
    const refused = line.greeting.mode === 'acked' ? tooLarge(batch, line.greeting.welcome) : undefined;
    if (gapFrom !== undefined) line.write([gapBehind(head, this.#reached)]);
    else if (refused === undefined) line.write([head, body]);
    else {
      this.#rejects.add(refused);
      const gap = { from: sequence, to: sequence, entries, reason: refused.code, positions };
      line.write([messages.encodeGap(gap)]);
    }
    this.#reached = sequence;
  }

  #flushed(line: Line, { sequence }: Encoded): void {
    if (line !== this.#line && this.#line !== undefined) return;
    this.#settleUpTo(sequence);
    this.#pump();
  }

  #fail(error: Error): void {
    const isFirst = !this.#stopped.signal.aborted;
    this.#failure ??= error;
    if (isFirst) this.#options.onFailed?.();
    this.#place.reject(error);
    this.#line?.destroy();
    this.#stopped.abort();
    this.#changed.notify();
  }
}

/** A GAP of which the receiver has the first part (it was sent before it was dropped) is declared for the rest alone. */
function gapBehind(frame: Buffer, reached: number): Buffer {
  const gap = messages.decodeGap(frame.subarray(HEADER_BYTES));
  return gap.from > reached ? frame : messages.encodeGap({ ...gap, from: reached + 1 });
}
