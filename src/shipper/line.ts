/**
 * One connection to a receiver, greeted: after `dial` it is known whether the receiver answers. The line reads all the
 * time, also from a plain receiver: an unread byte would turn our close into a reset.
 */
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Address } from '../base/address.ts';
import { FrameDecoder } from '../wire/decoder.ts';
import { encodeFrame, type Frame } from '../wire/frame.ts';
import * as messages from '../wire/messages.ts';
import { encodePing, type Status } from '../wire/status.ts';
import { WireError } from '../wire/wire_error.ts';
import type { Mode } from './encode.ts';
import { NoWelcome } from './hello_patience.ts';
import { ShipperError } from './shipper_error.ts';
import { afterHandshake, beforeWelcome, openSocket, type ClientTls } from './open_socket.ts';

export interface DialOptions extends Address {
  readonly delivery: 'auto' | 'acked' | 'plain';
  readonly helloTimeoutMs: number;
  /** Speak TLS. */
  readonly tls?: ClientTls;
  readonly shipperId: string;
  /** For a receiver that wants one. */
  readonly token?: string;
  /** The epoch of this shipper's numbers; null before the receiver has said. */
  readonly epoch: number | null;
  readonly run: messages.Run;
  /** What the receiver is told of this shipper, for whoever watches. */
  readonly status?: () => Status;
  /** Called when the receiver has answered HELLO, whatever it says. */
  readonly onAnswered?: () => void;
}

/** What is known before it is known which receiver is dialled, for which connection. */
export interface DialPlan extends Omit<DialOptions, keyof Address | 'epoch' | 'run' | 'onAnswered'> {
  /** The receivers, at least one; several are to share a log. */
  readonly addresses: readonly Address[];
}

/** What the other end is. */
export type Greeting =
  | { readonly mode: 'plain' }
  | { readonly mode: 'acked'; readonly welcome: messages.Welcome; readonly ready: messages.Ready };

/** The longest thing a receiver says is READY, with the positions of all files ever shipped. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

/** A line with nothing coming back is asked for a sign of life after this, and given up after three times this. */
const KEEPALIVE_MS = 15_000;

export class Line {
  readonly #socket: Socket;
  readonly #decoder = new FrameDecoder({ maxFrameBytes: MAX_ANSWER_BYTES });
  readonly #closed: Promise<Error | undefined>;
  /** Where frames go; those that come while nobody listens wait. */
  #receive: ((frame: Frame) => void) | undefined;
  #waiting: Frame[] = [];
  #quiet = 0;
  #hasHeard = false;
  #keepalive: NodeJS.Timeout | undefined;
  #status: (() => Status) | undefined;
  greeting: Greeting = { mode: 'plain' };

  private constructor(socket: Socket) {
    this.#socket = socket;
    let failure: Error | undefined;
    socket.on('error', (error) => (failure = error));
    this.#closed = new Promise((resolve) => socket.once('close', () => resolve(failure)));
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#received(chunk));
  }

  /** Connects and greets. Rejects with what the network said, or ShipperError where trying again would not help. */
  static async dial(options: DialOptions, signal: AbortSignal): Promise<Line> {
    const socket = await openSocket(options, signal);
    const line = new Line(socket);
    line.#status = options.status;
    try {
      await line.#greet(options);
      return line;
    } catch (error) {
      socket.destroy();
      if (options.tls === undefined) throw error;
      const meant = afterHandshake(error as Error);
      throw line.#hasHeard ? meant : beforeWelcome(meant, options.tls);
    }
  }

  get mode(): Mode {
    return this.greeting.mode;
  }

  /** Settles when the connection is gone: with why, where it broke. */
  get closed(): Promise<Error | undefined> {
    return this.#closed;
  }

  /** From now on what a receiver says of batches, and of itself, goes to `receive`; signs of life are the line's own affair. */
  listen(receive: (frame: Frame) => void): void {
    this.#receive = (frame) => this.#heard(frame, receive);
    this.#handOver();
    if (this.mode === 'acked') this.#keepalive = setInterval(() => this.#ping(), KEEPALIVE_MS).unref();
    void this.#closed.then(() => clearInterval(this.#keepalive));
  }

  /** Writes a frame in pieces; `onFlushed` is called when the system has taken it. */
  write(pieces: readonly Buffer[], onFlushed?: () => void): void {
    if (this.#socket.destroyed) return;
    this.#socket.cork();
    pieces.forEach((piece, index) => {
      const isLast = index === pieces.length - 1;
      this.#socket.write(piece, isLast ? (error) => (error ? undefined : onFlushed?.()) : undefined);
    });
    this.#socket.uncork();
  }

  /**
   * Ends in order: BYE, to a receiver that understands it, then our side; settles when the other side is closed too.
   * The answer is what went wrong, if anything: after it a plain receiver may lack the end of what was sent.
   */
  async end(timeoutMs: number): Promise<Error | undefined> {
    if (this.mode === 'acked') this.write([messages.encodeBye()]);
    this.#socket.end();
    const patience = new AbortController();
    const tooLong = delay(timeoutMs, new Error('the receiver did not close'), {
      signal: patience.signal,
    }).catch(() => undefined);
    const failure = await Promise.race([this.#closed, tooLong]);
    patience.abort();
    this.#socket.destroy();
    return failure;
  }

  destroy(reason?: Error): void {
    this.#socket.destroy(reason);
  }

  async #greet(options: DialOptions): Promise<void> {
    const { delivery, helloTimeoutMs, shipperId, epoch, token, run, onAnswered } = options;
    if (delivery === 'plain') return;
    this.write([encodeFrame('HELLO', messages.HELLO_PAYLOAD)]);
    const frame = await this.#next(helloTimeoutMs);
    if (frame === undefined) {
      if (delivery === 'auto') return;
      throw new NoWelcome(helloTimeoutMs);
    }
    onAnswered?.();
    const welcome = messages.decodeWelcome(expect(frame, 'WELCOME'));
    if (welcome.version !== messages.PROTOCOL_VERSION) {
      throw new ShipperError(
        'refused',
        `the receiver speaks version ${welcome.version} of the protocol, this shipper ${messages.PROTOCOL_VERSION}`,
      );
    }
    if (welcome.tokenWanted && token === undefined) {
      throw new ShipperError('refused', 'the receiver wants a token: set AUTH_TOKEN or AUTH_TOKEN_FILE');
    }
    const shown = welcome.tokenWanted && token !== undefined ? { token } : {};
    const open = { shipperId, epoch, run, status: options.status?.(), ...shown };
    this.write([messages.encodeOpen(open)]);
    const ready = messages.decodeReady(expect(await this.#next(KEEPALIVE_MS * 3), 'READY'));
    this.greeting = { mode: 'acked', welcome, ready };
  }

  /** The next frame, or undefined where none comes in time. Rejects when the connection closes first. */
  async #next(timeoutMs: number): Promise<Frame | undefined> {
    const { promise, resolve } = Promise.withResolvers<Frame>();
    this.#receive = (frame) => {
      this.#receive = undefined;
      resolve(frame);
    };
    this.#handOver();
    const patience = new AbortController();
    const late = delay(timeoutMs, undefined, { signal: patience.signal }).catch(() => undefined);
    const gone = this.#closed.then((failure) =>
      Promise.reject(failure ?? new Error('the receiver closed the connection')),
    );
    try {
      return await Promise.race([promise, late, gone]);
    } finally {
      this.#receive = undefined;
      patience.abort();
    }
  }

  #received(chunk: Buffer): void {
    this.#quiet = 0;
    this.#hasHeard = true;
    try {
      for (const frame of this.#decoder.push(chunk)) this.#waiting.push(frame);
    } catch (error) {
      this.#socket.destroy(error as Error);
    }
    this.#handOver();
  }

  /** Gives frames that wait to whoever listens; one that listens for a single frame leaves the rest for the next. */
  #handOver(): void {
    try {
      while (this.#receive !== undefined) {
        const frame = this.#waiting.shift();
        if (frame === undefined) return;
        this.#receive(frame);
      }
    } catch (error) {
      this.#socket.destroy(error as Error);
    }
  }

  /** A plain receiver says nothing that counts; only a WELCOME that comes too late, and what follows it. */
  #heard(frame: Frame, receive: (frame: Frame) => void): void {
    if (this.mode === 'plain' && frame.type !== 'WELCOME' && frame.type !== 'ERROR') return;
    switch (frame.type) {
      case 'ACK':
      case 'REJECT':
      case 'ERROR':
      case 'BYE':
        return receive(frame);
      case 'WELCOME':
        return this.mode === 'plain' ? receive(frame) : unexpected(frame);
      case 'PING':
        return this.write([encodeFrame('PONG', frame.payload)]);
      case 'PONG':
        return;
      default:
        unexpected(frame);
    }
  }

  #ping(): void {
    this.#quiet += 1;
    if (this.#quiet > 3)
      this.destroy(new Error(`nothing came from the receiver for ${(3 * KEEPALIVE_MS) / 1000} s`));
    else this.write([encodePing(this.#status?.())]);
  }
}

function unexpected({ type }: Frame): never {
  throw new WireError('unexpected_type', `a receiver does not send ${type}`);
}

function expect(frame: Frame | undefined, type: 'WELCOME' | 'READY'): Buffer {
  if (frame === undefined) throw new WireError('timeout', `no ${type} came`);
  if (frame.type === 'ERROR') throw refusal(messages.decodeFault(frame.payload));
  if (frame.type === 'BYE') throw new WireError('unavailable', 'the receiver is shutting down');
  if (frame.type !== type)
    throw new WireError('unexpected_type', `a ${frame.type} frame came where ${type} was expected`);
  return frame.payload;
}

const FINAL = {
  taken_over: 'taken_over',
  conflict: 'conflict',
  too_many_sources: 'too_many_sources',
  unauthorized: 'refused',
  bad_version: 'refused',
} as const;

/** What an ERROR frame means for this shipper: come again later, or give up. */
export function refusal({ code, reason }: messages.Fault): Error {
  const message = `the receiver says ${code}: ${reason}`;
  return Object.hasOwn(FINAL, code)
    ? new ShipperError(FINAL[code as keyof typeof FINAL], message)
    : new WireError(code, message);
}
