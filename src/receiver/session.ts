/**
 * One connection of a peer, from its first byte to its last. A peer that says HELLO is greeted and answered; to any
 * other not one byte is ever written: an unread reply would turn its close into a reset and destroy what it sent.
 *
 * Frames are handled in the order they came, one after the other; only the checking of batches (on the thread pool) and
 * the waiting for the disk overlap. What is in hand is bounded: past `windowBytes` the socket is not read.
 */
import type { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import { releaseWhole } from '../base/large_buffers.ts';
import { asTls } from '../base/lazy_tls.ts';
import type { ShipperLine } from '../monitor/shipper_table.ts';
import { FrameDecoder } from '../wire/decoder.ts';
import { encodeFrame, type Frame } from '../wire/frame.ts';
import * as messages from '../wire/messages.ts';
import { MAX_PING_BYTES, decodePing } from '../wire/status.ts';
import { WireError } from '../wire/wire_error.ts';
import type { Access, Pass } from './access.ts';
import { Answers } from './answers.ts';
import { STRANGER_FRAME_BYTES, asToStranger, codeOf, plainRefused } from './faults.ts';
import { readyOf, welcomeOf } from './greetings.ts';
import { InHand } from './in_hand.ts';
import { NumberedIntake } from './numbered_intake.ts';
import { Patience, type Owed } from './patience.ts';
import { peerOf } from './peer.ts';
import { takePlain, type IntakeContext } from './plain_intake.ts';
import { quiet } from './quiet.ts';
import type { Conversation } from './listeners/conversation.ts';
import type { ShipperRegistry } from './shipper_registry.ts';
import { expectInPlace, type Stage } from './stages.ts';
import type { Taken } from './taken.ts';

export interface SessionLimits {
  readonly maxFrameBytes: number;
  /** Bytes of BATCH frames a shipper may have unacknowledged. */
  readonly windowBytes: number;
  /** A connection that sends nothing for this long is closed. */
  readonly idleTimeoutMs: number;
  /** How long a peer may take to finish a frame it began, to say OPEN after HELLO, and to read its answers. */
  readonly frameTimeoutMs: number;
}

/** What all sessions of a receiver share. */
export interface SessionContext extends IntakeContext {
  readonly limits: SessionLimits;
  /** What shippers are told that they may send: `limits`, or less where the log has less room by now. */
  readonly room: () => Pick<messages.Welcome, 'maxFrameBytes' | 'maxBatchBytes'>;
  readonly shippers: ShipperRegistry;
  readonly access: Access;
}

/** TCP asks a silent peer for a sign of life after so long. */
const KEEPALIVE_MS = 60_000;

/** What is taken of a frame without entries: the longest is a GAP with source positions, which a block header has room for. */
const MAX_MESSAGE_BYTES = 128 * 1024;

/** How long a shipper should stay away when this receiver shuts down. */
const RETURN_AFTER_MS = 500;

/** What a frame costs besides its payload, while it waits for its turn. Batches are counted as their shippers do. */
const FRAME_COST_BYTES = 256;

export class Session implements Conversation {
  readonly #socket: Socket;
  readonly #context: SessionContext;
  readonly #decoder: FrameDecoder;
  readonly #closed: Promise<void>;
  readonly peer: string;
  #stage: Stage = 'plain';
  #shipperId: string | undefined;
  #pass: Pass | undefined;
  #intake: NumberedIntake | undefined;
  /** What is shown of this connection's shipper. */
  #line: ShipperLine | undefined;
  readonly #patience: Patience;
  readonly #answers: Answers;
  readonly #inHand: InHand;
  /** The handling of frames, each after the one before. */
  #ordered: Promise<void> = Promise.resolve();
  #hasSpoken = false;
  /** It greeted, and goes on with PLAIN frames: our WELCOME came too late for it. */
  #shipsPlain = false;
  /** False once nothing more is read: it ended, failed, or was told to stop. What is in hand is still finished. */
  #isReading = true;
  /** True once it failed: what is in hand and not yet given to the archive is let go; its shipper sends it again. */
  #isOver = false;

  constructor(socket: Socket, context: SessionContext) {
    this.#socket = socket;
    this.#context = context;
    const { maxFrameBytes } = context.limits;
    this.#decoder = new FrameDecoder({
      maxFrameBytes: context.access.isTokenWanted
        ? Math.min(maxFrameBytes, STRANGER_FRAME_BYTES)
        : maxFrameBytes,
      maxMessageBytes: MAX_MESSAGE_BYTES,
    });
    this.peer = peerOf(socket);
    this.#closed = new Promise((resolve) => socket.once('close', () => resolve()));
    this.#patience = new Patience(context.limits.frameTimeoutMs, (owed) => this.#ranOut(owed));
    void this.#closed.then(() => this.#patience.end());
    const { windowBytes } = context.limits;
    const onChange = (): void => this.#readOrWait();
    this.#answers = new Answers({ socket, patience: this.#patience, windowBytes, onChange });
    this.#inHand = new InHand(this.#answers, onChange);
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
    this.#line?.closed();
  }

  /** Takes nothing new, settles and acknowledges what is in hand, says BYE, closes. */
  async stop(): Promise<void> {
    if (this.#isPlain) await quiet(this.#socket);
    this.#isReading = false;
    await this.#drained();
    this.#lastWord(messages.encodeBye({ returnAfterMs: RETURN_AFTER_MS }));
    await this.#closed;
  }

  /** Ends this session if the token that let it in was withdrawn. */
  checkPass(): void {
    if (this.#pass === undefined || this.#context.access.isValid(this.#pass)) return;
    this.#fail(new WireError('unauthorized', 'the token was withdrawn'));
  }

  /** Ends this session because another took its shipper id; settles when nothing of it can reach the archive any more. */
  async giveWay(): Promise<void> {
    this.#fail(new WireError('taken_over', 'another connection took over this shipper id'));
    await this.#drained();
  }

  #received(chunk: Buffer): void {
    if (!this.#isReading) return;
    this.#hasSpoken = true;
    this.#context.ledger.bytesIn += chunk.length;
    let isInUse = false;
    try {
      for (const frame of this.#decoder.push(chunk)) {
        isInUse ||= frame.payload.buffer === chunk.buffer;
        this.#patience.met('the end of a frame');
        this.#take(frame);
      }
      if (!isInUse) releaseWhole(chunk);
    } catch (error) {
      this.#failInOrder(this.#isStranger ? asToStranger(error as Error) : (error as Error));
    }
    this.#readOrWait();
  }

  /** Reads on, or not: a peer that is not read can't finish its frame. */
  #readOrWait(): void {
    const isFull = this.#inHand.bytes > this.#context.limits.windowBytes || this.#answers.isFull;
    if (isFull && this.#isReading) this.#socket.pause();
    else this.#socket.resume();
    if (this.#decoder.isMidFrame && !isFull && this.#isReading) this.#patience.expect('the end of a frame');
    else this.#patience.met('the end of a frame');
  }

  /** Queues a frame. A batch is checked at once, off this thread; it is appended in its turn. */
  #take(frame: Frame): void {
    const bytes = frame.payload.length + (frame.type === 'BATCH' ? 0 : FRAME_COST_BYTES);
    this.#inHand.add(bytes);
    const store = frame.type === 'BATCH' ? this.#intake?.begin(frame) : undefined;
    this.#inOrder(async () => {
      const taken = await (store === undefined ? this.#handle(frame) : store());
      if (taken === undefined) this.#inHand.remove(bytes);
      else void this.#inHand.settle(taken, bytes, (error) => this.#notStored(taken.count, error));
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
    expectInPlace(frame.type, this.#stage);
    const { payload } = frame;
    switch (frame.type) {
      case 'PLAIN':
        if (this.#isStranger) throw plainRefused();
        this.#patience.met('OPEN');
        this.#shipsPlain = true;
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
        this.#line?.said(decodePing(payload));
        this.#answers.write(encodeFrame('PONG', payload.subarray(0, MAX_PING_BYTES)));
        return undefined;
      case 'BYE':
        await this.#inHand.durable();
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
    this.#answers.begin();
    this.#patience.expect('OPEN');
    const { room, access } = this.#context;
    const welcome = welcomeOf({ ...room(), tokenWanted: access.isTokenWanted });
    this.#answers.write(messages.encodeWelcome(welcome));
  }

  async #open(open: messages.Open): Promise<void> {
    const { shippers, archive, limits, access, ledger, peers, now } = this.#context;
    const { shipperId, epoch: asked, run, status = {} } = open;
    this.#patience.met('OPEN');
    this.#shipperId = shipperId;
    this.#pass = await access.admit(open, certificateOf(this.#socket));
    if (this.#isOver) return;
    this.#decoder.allow(limits.maxFrameBytes);
    await shippers.enter(shipperId, this, run);
    const place = await archive.resumePoint(shipperId);
    if (this.#isOver) return;
    const ready = readyOf(place, { asked, fresh: now(), windowBytes: limits.windowBytes });
    const { epoch, sequence } = ready;
    this.#stage = 'open';
    this.#line = ledger.shippers.opened(shipperId, this.peer);
    this.#line.said(status);
    this.#intake = new NumberedIntake({ shipperId, epoch }, this.#line, this.#context);
    this.#answers.write(messages.encodeReady(ready));
    const fields = { peer: this.peer, shipper: shipperId, epoch, sequence };
    peers.say('connected', 'info', fields, 'shipper connected');
  }

  /** Settles when all frames taken so far are handled and their entries durable. */
  async #drained(): Promise<void> {
    await this.#ordered;
    await this.#inHand.durable();
  }

  #notStored(entries: number, error: Error): void {
    this.#context.ledger.refused += entries;
    this.#fail(error);
  }

  #lastWord(frame: Buffer): void {
    this.#isReading = false;
    this.#answers.end(frame);
  }

  /** The peer sends no more: what it sent is settled and acknowledged, then this side closes too. */
  #ended(): void {
    if (this.#decoder.isMidFrame && this.#isReading) {
      this.#failInOrder(new WireError('truncated', 'the connection ended in the middle of a frame'));
    }
    this.#ordered = this.#ordered.then(async () => {
      await this.#inHand.durable();
      this.#socket.end();
    });
  }

  /** A plain peer between frames is let be: closing on it would lose the next thing it sends. Dead ones TCP finds. */
  #timedOut(): void {
    const { idleTimeoutMs } = this.#context.limits;
    const isQuietPlain = this.#isPlain && this.#hasSpoken && !this.#decoder.isMidFrame;
    if (isQuietPlain || this.#inHand.bytes > 0) this.#socket.setTimeout(idleTimeoutMs);
    else this.#fail(new WireError('timeout', `nothing came for ${idleTimeoutMs / 1000} s (IDLE_TIMEOUT)`));
  }

  #ranOut(owed: Owed): void {
    const seconds = this.#context.limits.frameTimeoutMs / 1000;
    this.#fail(new WireError('timeout', `${owed} did not come within ${seconds} s (FRAME_TIMEOUT)`));
  }

  /** The one way to end badly: count it, say so, tell a peer that listens, close. */
  #fail(error: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const { ledger, peers } = this.#context;
    const code = codeOf(error);
    const reason = error.message;
    ledger.error(code);
    const level = code === 'unavailable' ? 'error' : 'warn';
    const fields = { peer: this.peer, shipper: this.#shipperId, code, reason };
    peers.say(`closed ${code}`, level, fields, `connection closed: ${reason}`);
    if (code === 'unauthorized' && !this.#answers.isWanted) this.#answers.slam();
    else this.#lastWord(messages.encodeFault({ code, reason }));
  }

  get #isPlain(): boolean {
    return this.#stage === 'plain' || (this.#stage === 'greeted' && this.#shipsPlain);
  }

  /** True while a token is wanted and none was shown. */
  get #isStranger(): boolean {
    return this.#context.access.isTokenWanted && this.#pass === undefined;
  }
}

/** Who the peer is by its certificate, where one was asked for and verified. */
function certificateOf(socket: Socket): X509Certificate | undefined {
  const tls = asTls(socket);
  return tls?.authorized === true ? tls.getPeerX509Certificate() : undefined;
}
