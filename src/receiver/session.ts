/**
 * One connection of a peer, from its first byte to its last. A peer that says HELLO is greeted and answered; to any
 * other not one byte is ever written: an unread reply would turn its close into a reset and destroy what it sent.
 *
 * Frames are handled in the order they came, one after the other; only the checking of batches (on the thread pool) and
 * the waiting for the disk overlap. What is in hand is bounded: past `windowBytes` the socket is not read.
 */
import type { Socket } from 'node:net';
import { ArchiveError } from '../archive/archive_error.ts';
import { placeIn } from '../archive/resume.ts';
import { FrameDecoder } from '../wire/decoder.ts';
import { ALGORITHMS, encodeFrame, type Frame, type FrameName } from '../wire/frame.ts';
import * as messages from '../wire/messages.ts';
import { WireError, type WireErrorCode } from '../wire/wire_error.ts';
import { NumberedIntake } from './numbered_intake.ts';
import { takePlain, type IntakeContext } from './plain_intake.ts';
import type { ShipperRegistry } from './shipper_registry.ts';
import type { Taken } from './taken.ts';

export interface SessionLimits {
  readonly maxFrameBytes: number;
  /** Bytes of BATCH frames a shipper may have unacknowledged. */
  readonly windowBytes: number;
  /** A connection that sends nothing for this long is closed. */
  readonly idleTimeoutMs: number;
}

/** What all sessions of a receiver share. */
export interface SessionContext extends IntakeContext {
  readonly limits: SessionLimits;
  readonly shippers: ShipperRegistry;
}

/** TCP asks a silent peer for a sign of life after so long. */
const KEEPALIVE_MS = 60_000;

/** A plain peer can't be told to stop: at shutdown it is read until it has been quiet for so long. */
const PLAIN_QUIET_MS = 100;
const PLAIN_GRACE_MS = 3000;

/** How long a shipper should stay away when this receiver shuts down. */
const RETURN_AFTER_MS = 500;

/** After our last word a peer may take so long to close: closing on what it still sends would reset our word away. */
const LAST_WORD_MS = 1000;

type Stage = 'plain' | 'greeted' | 'open';

/** Which frames a peer may send, by how far it has come. */
const EXPECTED: Readonly<Record<Stage, ReadonlySet<FrameName>>> = {
  plain: new Set(['PLAIN', 'HELLO']),
  greeted: new Set(['OPEN', 'PING', 'PONG', 'BYE', 'PLAIN']),
  open: new Set(['BATCH', 'GAP', 'PING', 'PONG', 'BYE']),
};

export class Session {
  readonly #socket: Socket;
  readonly #context: SessionContext;
  readonly #decoder: FrameDecoder;
  readonly #closed: Promise<void>;
  readonly peer: string;
  #stage: Stage = 'plain';
  #shipperId: string | undefined;
  #intake: NumberedIntake | undefined;
  /** The handling of frames, each after the one before. */
  #ordered: Promise<void> = Promise.resolve();
  #inHandBytes = 0;
  readonly #unsettled = new Set<Promise<void>>();
  #durableSequence = 0;
  #isAckDue = false;
  /** False once nothing more is read: it ended, failed, or was told to stop. What is in hand is still finished. */
  #isReading = true;
  /** True once it failed: what is in hand and not yet given to the archive is let go; its shipper sends it again. */
  #isOver = false;

  constructor(socket: Socket, context: SessionContext) {
    this.#socket = socket;
    this.#context = context;
    this.#decoder = new FrameDecoder(context.limits);
    this.peer = `${socket.remoteAddress ?? 'gone'}:${socket.remotePort ?? 0}`;
    this.#closed = new Promise((resolve) => socket.once('close', () => resolve()));
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEPALIVE_MS);
    socket.setTimeout(context.limits.idleTimeoutMs);
    socket.on('data', (chunk: Buffer) => this.#received(chunk));
    socket.on('end', () => this.#ended());
    socket.on('timeout', () => this.#timedOut());
    socket.on('error', (error) => context.log.debug({ peer: this.peer, err: error }, 'connection broke'));
  }

  /** Settles when the socket is closed and everything taken from it has settled. */
  async finished(): Promise<void> {
    await this.#closed;
    await this.#drained();
    this.#context.shippers.leave(this);
  }

  /** Takes nothing new, settles and acknowledges what is in hand, says BYE, closes. */
  async stop(): Promise<void> {
    if (this.#stage === 'plain') await this.#quiet();
    this.#isReading = false;
    await this.#drained();
    this.#lastWord(messages.encodeBye({ returnAfterMs: RETURN_AFTER_MS }));
    await this.#closed;
  }

  /** Ends this session because another took its shipper id; settles when nothing of it can reach the archive any more. */
  async giveWay(): Promise<void> {
    this.#fail(new WireError('taken_over', 'another connection took over this shipper id'));
    await this.#drained();
  }

  #received(chunk: Buffer): void {
    if (!this.#isReading) return;
    this.#context.ledger.bytesIn += chunk.length;
    try {
      for (const frame of this.#decoder.push(chunk)) this.#take(frame);
    } catch (error) {
      this.#failInOrder(error as Error);
    }
    if (this.#inHandBytes > this.#context.limits.windowBytes) this.#socket.pause();
  }

  /** Queues a frame. A batch is checked at once, off this thread; it is appended in its turn. */
  #take(frame: Frame): void {
    const bytes = frame.payload.length;
    this.#inHandBytes += bytes;
    const store = frame.type === 'BATCH' ? this.#intake?.begin(frame) : undefined;
    this.#inOrder(async () => {
      const taken = await (store === undefined ? this.#handle(frame) : store());
      if (taken === undefined) this.#settled(bytes);
      else this.#whenDurable(taken, bytes);
    });
  }

  /** Runs `work` after all before it, unless the session is over by then; its error ends the session. */
  #inOrder(work: () => Promise<void>): void {
    this.#ordered = this.#ordered.then(async () => {
      if (this.#isOver) return;
      try {
        await work();
      } catch (error) {
        this.#fail(error as Error);
      }
    });
  }

  /** Fails once everything before is handled: what a peer sent right is taken, whatever came behind it. */
  #failInOrder(error: Error): void {
    this.#isReading = false;
    this.#ordered = this.#ordered.then(() => this.#fail(error));
  }

  async #handle(frame: Frame): Promise<Taken | undefined> {
    if (!EXPECTED[this.#stage].has(frame.type)) {
      const stage = {
        plain: 'has not said HELLO',
        greeted: 'has not said OPEN',
        open: 'is open for batches',
      }[this.#stage];
      throw new WireError(
        'unexpected_type',
        `a ${frame.type} frame has no place here: the connection ${stage}`,
      );
    }
    const { payload } = frame;
    switch (frame.type) {
      case 'PLAIN':
        return takePlain(frame, this.peer, this.#context);
      case 'BATCH':
        return this.#intake?.begin(frame)();
      case 'GAP':
        return this.#intake?.gap(messages.decodeGap(payload));
      case 'HELLO':
        this.#greet(frame);
        return undefined;
      case 'OPEN':
        await this.#open(messages.decodeOpen(payload));
        return undefined;
      case 'PING':
        this.#reply(encodeFrame('PONG', payload.subarray(0, 64)));
        return undefined;
      case 'BYE':
        await this.#durable();
        this.#lastWord(messages.encodeBye());
        return undefined;
      default:
        return undefined;
    }
  }

  #greet({ algorithm, payload }: Frame): void {
    if (algorithm !== 'none' || !payload.equals(messages.HELLO_PAYLOAD)) {
      throw new WireError('bad_hello', 'a HELLO carries exactly the two bytes "[]"');
    }
    this.#stage = 'greeted';
    const { limits, check } = this.#context;
    this.#reply(
      messages.encodeWelcome({
        version: messages.PROTOCOL_VERSION,
        algorithms: ALGORITHMS,
        maxFrameBytes: limits.maxFrameBytes,
        maxBatchBytes: check.maxBatchBytes,
        tokenWanted: false,
      }),
    );
  }

  async #open({ shipperId, epoch }: messages.Open): Promise<void> {
    const { shippers, archive, limits, log, now } = this.#context;
    this.#shipperId = shipperId;
    await shippers.enter(shipperId, this);
    const place = await archive.resumePoint(shipperId);
    if (this.#isOver) return;
    const numbersOf = epoch ?? place?.epoch ?? now();
    const ready = {
      epoch: numbersOf,
      sequence: placeIn(place, numbersOf)?.sequence ?? 0,
      positions: place?.positions ?? {},
      ...(place?.epoch === numbersOf && place.rejected !== undefined ? { rejected: place.rejected } : {}),
      windowBytes: limits.windowBytes,
    };
    this.#stage = 'open';
    this.#intake = new NumberedIntake({ shipperId, epoch: ready.epoch }, this.#context);
    this.#durableSequence = ready.sequence;
    this.#reply(messages.encodeReady(ready));
    const { sequence } = ready;
    log.info({ peer: this.peer, shipper: shipperId, epoch: ready.epoch, sequence }, 'shipper connected');
  }

  /** Keeps count of what is under way; an error of it ends the session. */
  #whenDurable({ durable, count, sequence, reply }: Taken, bytes: number): void {
    const done = durable.then(
      () => {
        if (reply !== undefined) this.#reply(reply);
        if (sequence !== undefined) this.#ackLater(sequence);
        this.#settled(bytes);
      },
      (error: unknown) => {
        this.#context.ledger.refused += count;
        this.#settled(bytes);
        this.#fail(error as Error);
      },
    );
    this.#unsettled.add(done);
    void done.finally(() => this.#unsettled.delete(done));
  }

  #settled(bytes: number): void {
    this.#inHandBytes -= bytes;
    if (this.#inHandBytes <= this.#context.limits.windowBytes) this.#socket.resume();
  }

  /** Settles when all frames taken so far are handled and their entries durable. */
  async #drained(): Promise<void> {
    await this.#ordered;
    await this.#durable();
  }

  /** Settles when all entries given to the archive so far are durable, and acknowledged. */
  async #durable(): Promise<void> {
    await Promise.all(this.#unsettled);
    this.#sendAck();
  }

  /** One ACK answers all batches that became durable in the same turn. */
  #ackLater(sequence: number): void {
    this.#durableSequence = Math.max(this.#durableSequence, sequence);
    if (this.#isAckDue) return;
    this.#isAckDue = true;
    setImmediate(() => this.#sendAck());
  }

  #sendAck(): void {
    if (!this.#isAckDue) return;
    this.#isAckDue = false;
    const { windowBytes } = this.#context.limits;
    this.#reply(messages.encodeAck({ sequence: this.#durableSequence, windowBytes }));
  }

  /** The only place that writes: to a peer that greeted us, while it listens. */
  #reply(frame: Buffer): void {
    if (this.#stage !== 'plain' && this.#socket.writable) this.#socket.write(frame);
  }

  /** Says the last thing there is to say, ends our side, and lets the peer close. */
  #lastWord(frame: Buffer): void {
    this.#isReading = false;
    this.#reply(frame);
    if (this.#stage === 'plain') {
      this.#socket.destroySoon();
      return;
    }
    this.#socket.end();
    this.#socket.resume();
    const timer = setTimeout(() => this.#socket.destroy(), LAST_WORD_MS);
    void this.#closed.then(() => clearTimeout(timer));
  }

  /** The peer sends no more: what it sent is settled and acknowledged, then this side closes too. */
  #ended(): void {
    if (this.#decoder.isMidFrame && this.#isReading) {
      this.#failInOrder(new WireError('truncated', 'the connection ended in the middle of a frame'));
    }
    this.#ordered = this.#ordered.then(async () => {
      await this.#durable();
      this.#socket.end();
    });
  }

  /** A plain peer between frames is let be: closing on it would lose the next thing it sends. Dead ones TCP finds. */
  #timedOut(): void {
    const { idleTimeoutMs } = this.#context.limits;
    const isQuietPlain = this.#stage === 'plain' && this.#socket.bytesRead > 0 && !this.#decoder.isMidFrame;
    if (isQuietPlain || this.#inHandBytes > 0) this.#socket.setTimeout(idleTimeoutMs);
    else this.#fail(new WireError('timeout', `nothing came for ${idleTimeoutMs / 1000} s (IDLE_TIMEOUT)`));
  }

  /** The one way to end badly: count it, say so, tell a peer that listens, close. */
  #fail(error: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const { ledger, log } = this.#context;
    const code = codeOf(error);
    const reason = error.message;
    ledger.error(code);
    const level = code === 'unavailable' ? 'error' : 'warn';
    log[level]({ peer: this.peer, shipper: this.#shipperId, code, reason }, `connection closed: ${reason}`);
    this.#lastWord(messages.encodeFault({ code, reason }));
  }

  /** Settles when a plain peer has sent nothing for a moment, has closed, or just goes on and on. */
  async #quiet(): Promise<void> {
    const looks = PLAIN_GRACE_MS / PLAIN_QUIET_MS;
    let before = -1;
    for (let look = 0; look < looks && before !== this.#socket.bytesRead && !this.#socket.destroyed; look += 1) {
      before = this.#socket.bytesRead;
      await new Promise((resolve) => setTimeout(resolve, PLAIN_QUIET_MS));
    }
  }
}

/** An error that is not of the wire is ours, and the peer may try again. */
function codeOf(error: Error): WireErrorCode {
  if (error instanceof WireError) return error.code;
  if (error instanceof ArchiveError && (error.code === 'sequence_gap' || error.code === 'conflict'))
    return error.code;
  return 'unavailable';
}
