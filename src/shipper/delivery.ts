/**
 * Gets batches to the receiver, whatever happens to the connection. Batches are held, in order, until they are
 * acknowledged; after a reconnect those the receiver does not have are sent again under the same numbers.
 */
import { randomUUID } from 'node:crypto';
import { showAddress } from '../base/address.ts';
import type { Logger } from '../base/logger.ts';
import { Signal } from '../base/signal.ts';
import type { SourcePositions } from '../entry.ts';
import type { Algorithm, Frame } from '../wire/frame.ts';
import * as messages from '../wire/messages.ts';
import { WireError } from '../wire/wire_error.ts';
import { BatchWriter } from './batch_writer.ts';
import type { Counts } from './counts.ts';
import type { DeadLetters } from './dead_letters/dead_letters.ts';
import type { Compression, Encoded, Mode } from './encode.ts';
import { HelloPatience } from './hello_patience.ts';
import { Line, refusal, type DialOptions, type DialPlan, type Greeting } from './line.ts';
import { Outbox } from './outbox.ts';
import { Rejects } from './rejects.ts';
import { expectStranger, expectOwnNumbers } from './resume.ts';
import { Round } from './round.ts';
import { Settlement } from './settlement.ts';
import { stayConnected } from './stay_connected.ts';

export interface DeliveryOptions {
  readonly dial: DialPlan;
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

/** A receiver that answered too late may take so long to settle what it was sent until then. */
const CHANGE_MS = 60_000;

export class Delivery {
  readonly #options: DeliveryOptions;
  readonly #changed = new Signal();
  readonly #place = Promise.withResolvers<Place>();
  readonly #stopped = new AbortController();
  readonly #running: Promise<void>;
  readonly #rejects: Rejects;
  readonly #outbox = new Outbox();
  readonly #runId = randomUUID();
  readonly #round: Round;
  readonly #patience: HelloPatience;
  readonly #writer: BatchWriter;
  readonly #settlement: Settlement;
  #isClosing = false;
  #epoch: number | null = null;
  /** The highest number that a receiver has acknowledged; what a plain one was sent is not in it. */
  #acknowledged = 0;
  /** A plain line that is being ended, as its receiver acknowledges after all; the answer is what went wrong with that. */
  #leaving: Promise<Error | undefined> | undefined;
  #returnAfterMs: number | undefined;
  /** The ERROR with which the receiver ends the connection. */
  #refusal: Error | undefined;
  #wasToldPlain = false;
  #hasPlace = false;
  /** The place is the receiver's word, not a plain one's silence. */
  #isPlaceTheirs = false;
  #failure: Error | undefined;

  constructor(options: DeliveryOptions) {
    this.#options = options;
    this.#epoch = options.epoch ?? null;
    this.#rejects = new Rejects(options.deadLetters, options.counts);
    this.#place.promise.catch(() => undefined);
    const { dial, reconnect, compression, onSettled, log, random = Math.random } = options;
    const round = (this.#round = new Round(dial.addresses, random));
    this.#patience = new HelloPatience(dial.helloTimeoutMs, round);
    const ours = { outbox: this.#outbox, rejects: this.#rejects };
    const onFailed = (error: Error): void => this.#fail(error);
    this.#settlement = new Settlement({ ...ours, onSettled, onFailed });
    this.#writer = new BatchWriter({
      ...{ ...ours, compression, log, onFailed },
      onWritten: () => this.#changed.notify(),
      onFlushed: (sequence) => this.#settleUpTo(sequence),
    });
    const connect = async (): Promise<Error | undefined> => {
      const broken = await this.#oneConnection();
      return this.#isClosing ? undefined : broken;
    };
    const returnAfterMs = (): number | undefined => this.#takeReturnAfterMs();
    this.#running = stayConnected(
      { round, connect, returnAfterMs, reconnect, random, log },
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
  get algorithms(): readonly Algorithm[] | undefined {
    return this.#writer.algorithms;
  }

  /** True while anything is on its way. */
  get isBusy(): boolean {
    return !this.#outbox.isEmpty;
  }

  /** True while batches wait for the receiver: what is slow is not on this side. */
  get isHeldBack(): boolean {
    return this.#outbox.unsent >= MAX_UNSENT;
  }

  get isConnected(): boolean {
    return this.#writer.line !== undefined;
  }

  /** Takes a batch to deliver; they must come in the order of their numbers. Settles when there is room for the next. Throws ShipperError once delivery has failed. */
  async send(batch: Encoded): Promise<void> {
    this.#outbox.add(batch);
    if (batch.sequence <= this.#acknowledged) this.#settleUpTo(this.#acknowledged);
    this.#writer.pump();
    while (this.isHeldBack && this.#failure === undefined) await this.#changed.wait();
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Settles when everything taken is acknowledged or kept as a dead letter. Throws ShipperError once delivery has failed. */
  async drained(): Promise<void> {
    while (!this.#outbox.isEmpty && this.#failure === undefined) await this.#changed.wait();
    await this.#settlement.kept();
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Ends the connection in order; the answer is why a plain receiver may lack what it was sent, if it may. Nothing more is sent. */
  async close(timeoutMs: number): Promise<Error | undefined> {
    this.#isClosing = true;
    const line = this.#writer.end();
    const failure = await (line?.end(timeoutMs) ?? this.#leaving);
    if (line?.mode !== 'acked') this.#writer.doubt ??= failure;
    this.#stopped.abort();
    await this.#running;
    return this.#writer.doubt;
  }

  /** Connects, and uses the connection until it is gone; the answer is why it is. */
  async #oneConnection(): Promise<Error> {
    this.#refusal = undefined;
    try {
      const line = await Line.dial(this.#dialOptions(), this.#stopped.signal);
      this.#begin(line);
      const failure = await line.closed;
      return this.#failure ?? this.#refusal ?? failure ?? new Error('the receiver closed the connection');
    } catch (error) {
      return this.#patience.judge(error as Error);
    } finally {
      this.#writer.end();
    }
  }

  /** For a receiver that has answered once, plain is no way on: it would get twice what it has, and lose the rest unnoticed. Nor for one of several, or one that a token is meant for. */
  #dialOptions(): DialOptions {
    const { dial } = this.#options;
    const { mayBePlain, timeoutMs: helloTimeoutMs } = this.#patience;
    const mustAnswer = !mayBePlain || dial.token !== undefined;
    const delivery = dial.delivery === 'auto' && mustAnswer ? 'acked' : dial.delivery;
    const run = { id: this.#runId, isReturning: this.#isPlaceTheirs };
    const onAnswered = (): void => this.#patience.answered();
    return { ...dial, ...this.#round.address, delivery, helloTimeoutMs, onAnswered, epoch: this.#epoch, run };
  }

  #begin(line: Line): void {
    const { log, counts } = this.#options;
    const { greeting } = line;
    counts.connections += 1;
    this.#round.wasTaken();
    this.mode = greeting.mode;
    try {
      if (greeting.mode === 'acked') this.#resume(greeting, line);
      else this.#resumePlain();
    } catch (error) {
      line.destroy();
      throw error;
    }
    counts.resent += this.#outbox.rewind();
    this.#writer.begin(line);
    line.listen((frame) => this.#received(frame, line));
    log.info(
      { mode: this.mode, resend: this.#outbox.size },
      `connected to ${showAddress(this.#round.address)} (${this.mode})`,
    );
    this.#changed.notify();
    this.#writer.pump();
  }

  /** Takes the receiver's word for what it has, and lets go of that. */
  #resume({ welcome, ready }: Extract<Greeting, { mode: 'acked' }>, line: Line): void {
    this.#epoch = ready.epoch;
    this.#writer.windowBytes = ready.windowBytes;
    this.#writer.algorithms = welcome.algorithms;
    if (this.#hasPlace) this.#resumeKnown(ready, line);
    else this.#start(ready, welcome, line);
  }

  #start({ sequence, positions }: messages.Ready, welcome: messages.Welcome, line: Line): void {
    this.#hasPlace = this.#isPlaceTheirs = true;
    this.#acknowledged = sequence;
    this.#outbox.startAfter(sequence);
    this.#settleUpTo(sequence);
    this.#writer.reach(line, sequence);
    this.#place.resolve({ nextSequence: sequence + 1, positions, welcome });
  }

  #resumeKnown(ready: messages.Ready, line: Line): void {
    const { canReread, dial } = this.#options;
    const { sequence } = ready;
    if (canReread && !this.#isPlaceTheirs) expectStranger(ready);
    this.#rejects.learn(ready, this.#acknowledged);
    expectOwnNumbers(ready, {
      shipperId: dial.shipperId,
      acknowledged: this.#acknowledged,
      highestSent: this.#outbox.highestSent,
      crc: this.#outbox.find(sequence)?.crc,
      canReread,
    });
    const isKnownLine = this.#acknowledged > 0;
    this.#isPlaceTheirs = true;
    this.#acknowledged = Math.max(this.#acknowledged, sequence);
    this.#settleUpTo(sequence);
    const { settled } = this.#settlement;
    this.#writer.reach(line, isKnownLine ? sequence : Math.max(sequence, settled), settled);
  }

  #resumePlain(): void {
    this.#writer.usePlain();
    this.#hasPlace = true;
    this.#epoch ??= (this.#options.now ?? Date.now)();
    this.#place.resolve({ nextSequence: 1, positions: {} });
    if (this.#wasToldPlain || this.#options.dial.delivery === 'plain') return;
    this.#wasToldPlain = true;
    this.#options.log.warn(
      'THE RECEIVER DOES NOT ACKNOWLEDGE (no answer to HELLO): shipping in the original protocol, what is lost on the way is not noticed',
    );
  }

  /** A receiver taken for a plain one was only late: what it was sent is brought to an end in order, and it is greeted anew. */
  #changeToAcked(line: Line): void {
    const { log } = this.#options;
    if (this.#writer.line !== line) return;
    this.#writer.end();
    this.#patience.answered();
    log.warn('the receiver acknowledges after all, its answer to HELLO came late: it is greeted anew');
    this.#leaving = line.end(CHANGE_MS);
    void this.#leaving.then((failure) => {
      if (failure === undefined) return;
      this.#writer.doubt ??= failure;
      log.warn(`the end of what it was sent until then may be lost: ${failure.message}`);
    });
  }

  #received({ type, payload }: Frame, line: Line): void {
    if (type === 'ACK') this.#acked(messages.decodeAck(payload));
    else if (type === 'REJECT') this.#rejects.add(messages.decodeReject(payload));
    else if (type === 'WELCOME') this.#changeToAcked(line);
    else if (type === 'BYE') this.#returnAfterMs = messages.decodeBye(payload).returnAfterMs;
    else if (type === 'ERROR') {
      this.#refusal = refusal(messages.decodeFault(payload));
      line.destroy(this.#refusal);
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
    this.#writer.windowBytes = windowBytes;
    this.#acknowledged = Math.max(this.#acknowledged, sequence);
    this.#settleUpTo(sequence);
    this.#writer.pump();
  }

  #settleUpTo(sequence: number): void {
    this.#settlement.upTo(sequence, this.#epoch ?? 0);
    this.#changed.notify();
    this.#options.onFreed();
  }

  #fail(error: Error): void {
    const isFirst = !this.#stopped.signal.aborted;
    this.#failure ??= error;
    if (isFirst) this.#options.onFailed?.();
    this.#place.reject(error);
    this.#writer.line?.destroy();
    this.#stopped.abort();
    this.#changed.notify();
  }
}
