/**
 * What is written to one peer. A peer that did not say HELLO is never written to: an unread reply would turn its close
 * into a reset and destroy what it sent.
 */
import type { Socket } from 'node:net';
import { asTls } from '../base/lazy_tls.ts';
import { encodeAck } from '../wire/messages.ts';
import type { Patience } from './patience.ts';

/** After our last word a peer may take so long to close: closing on what it still sends would reset our word away. */
const LAST_WORD_MS = 1000;

/** Answers a peer has not read: past this it is not read either. */
const MAX_UNREAD_BYTES = 1024 * 1024;

export interface AnswersOptions {
  readonly socket: Socket;
  readonly patience: Patience;
  /** Said with every ACK: bytes of BATCH frames the shipper may have unacknowledged. */
  readonly windowBytes: number;
  /** Called when `isFull` may have changed. */
  readonly onChange: () => void;
}

export class Answers {
  readonly #options: AnswersOptions;
  readonly #closed: Promise<unknown>;
  #isWanted = false;
  #durableSequence = 0;
  #isAckDue = false;

  constructor(options: AnswersOptions) {
    this.#options = options;
    const { socket, patience, onChange } = options;
    this.#closed = new Promise((resolve) => socket.once('close', resolve));
    socket.on('drain', () => {
      patience.met('the reading of its answers');
      onChange();
    });
  }

  /** True once the peer has greeted us: from then on it reads. */
  get isWanted(): boolean {
    return this.#isWanted;
  }

  /** The peer greeted us. */
  begin(): void {
    this.#isWanted = true;
  }

  /** True while the peer leaves too much unread. */
  get isFull(): boolean {
    return this.#options.socket.writableLength > MAX_UNREAD_BYTES;
  }

  /** The only place that writes: to a peer that greeted us, while it listens. */
  write(frame: Buffer): void {
    const { socket, patience, onChange } = this.#options;
    if (!this.#isWanted || !socket.writable) return;
    socket.write(frame);
    if (!this.isFull) return;
    patience.expect('the reading of its answers');
    onChange();
  }

  /** One ACK answers all batches that became durable in the same turn. */
  acknowledge(sequence: number): void {
    this.#durableSequence = Math.max(this.#durableSequence, sequence);
    if (this.#isAckDue) return;
    this.#isAckDue = true;
    setImmediate(() => this.flush());
  }

  /** Sends an ACK that is due now, not at the end of the turn. */
  flush(): void {
    if (!this.#isAckDue) return;
    this.#isAckDue = false;
    this.write(encodeAck({ sequence: this.#durableSequence, windowBytes: this.#options.windowBytes }));
  }

  /** Says the last thing there is to say, ends our side, and lets the peer close. */
  end(frame: Buffer): void {
    const { socket, patience } = this.#options;
    patience.end();
    this.write(frame);
    if (!this.#isWanted) {
      socket.destroySoon();
      return;
    }
    socket.end();
    socket.resume();
    const timer = setTimeout(() => socket.destroy(), LAST_WORD_MS);
    void this.#closed.then(() => clearTimeout(timer));
  }

  /** Closes so that a peer that is told nothing notices: a plain one takes an orderly end for success. */
  slam(): void {
    const { socket } = this.#options;
    this.#options.patience.end();
    if (asTls(socket) !== undefined) socket.destroy();
    else socket.resetAndDestroy();
  }
}
