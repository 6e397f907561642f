/**
 * One connection of a Thrift client, from its first byte to its last. Calls are begun in the order they came, are under way
 * together, and are answered in that order. What is in hand is bounded: past that the socket is not read.
 */
import type { Socket } from 'node:net';
import { Signal } from '../../../base/signal.ts';
import type { Ledger } from '../../../monitor/ledger.ts';
import { encodeException, framed } from '../../../thrift/answer.ts';
import type { ThriftLimits } from '../../../thrift/limits.ts';
import { MESSAGE_TYPE, type Message } from '../../../thrift/message.ts';
import { MessageReader } from '../../../thrift/message_reader.ts';
import type { ThriftService } from '../../../thrift/service.ts';
import { ThriftError } from '../../../thrift/thrift_error.ts';
import type { Access } from '../../access.ts';
import { Patience, type Owed } from '../../patience.ts';
import { peerOf } from '../../peer.ts';
import type { PeerLog } from '../../peer_log.ts';
import type { Conversation } from '../conversation.ts';
import { AUTHENTICATE, accessService } from './access_service.ts';
import { CallQueue, LARGE_ANSWER_BYTES } from './call_queue.ts';
import { Directory, exceptionOf, methodOf } from './calls.ts';
import { DENIED, Gate } from './gate.ts';
import type { InHandTotal } from './in_hand_total.ts';

/** What all connections of a listener share. */
export interface ThriftContext {
  readonly services: readonly ThriftService[];
  readonly limits: ThriftLimits & { readonly idleTimeoutMs: number; readonly frameTimeoutMs: number };
  readonly access: Access;
  readonly ledger: Ledger;
  readonly peers: PeerLog;
  readonly inHand: InHandTotal;
}

/** TCP asks a silent peer for a sign of life after so long. */
const KEEPALIVE_MS = 60_000;

/** A peer that has our end and does not close is cut off after so long: what it still sends must be read, or it would lose the answer. */
const LINGER_MS = 1000;

export class ThriftConnection implements Conversation {
  readonly #socket: Socket;
  readonly #context: ThriftContext;
  readonly #peer: string;
  readonly #directory: Directory;
  readonly #reader: MessageReader;
  readonly #patience: Patience;
  readonly #closed: Promise<void>;
  readonly #changed = new Signal();
  readonly #calls: CallQueue;
  readonly #gate: Gate;
  /** Aborts when the connection is closed or to be ended. */
  readonly #ending = new AbortController();
  #pendingBytes = 0;
  /** False once nothing more is taken: it ended, failed, or was told to stop. What is in hand is still answered. */
  #isReading = true;

  constructor(socket: Socket, context: ThriftContext) {
    this.#socket = socket;
    this.#context = context;
    this.#peer = peerOf(socket);
    const { access, limits, services } = context;
    this.#directory = new Directory([accessService((token) => this.#admit(token)), ...services]);
    this.#gate = new Gate(access);
    this.#reader = new MessageReader(this.#gate.limited(limits));
    this.#patience = new Patience(limits.frameTimeoutMs, (owed) => this.#ranOut(owed));
    this.#closed = new Promise((resolve) => socket.once('close', () => resolve()));
    void this.#closed.then(() => this.#gone());
    this.#calls = new CallQueue({
      socket,
      patience: this.#patience,
      counts: context.ledger.thrift,
      total: context.inHand,
      onLess: () => this.#answered(),
    });
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEPALIVE_MS);
    socket.setTimeout(limits.idleTimeoutMs);
    socket.on('timeout', () => this.#idled());
    socket.on('drain', () => {
      this.#patience.met('the reading of its answers');
      this.#changed.notify();
    });
    socket.on('error', () => undefined);
    void this.#read();
  }

  async finished(): Promise<void> {
    await this.#closed;
    await this.#calls.settled();
  }

  async stop(): Promise<void> {
    this.#isReading = false;
    this.#ending.abort();
    this.#changed.notify();
    await this.#calls.settled();
    this.#end();
    await this.#closed;
  }

  checkPass(): void {
    if (this.#gate.isValid) return;
    this.#fail(new ThriftError('unauthorized', 'the token was withdrawn'));
  }

  async #read(): Promise<void> {
    try {
      for await (const chunk of this.#socket.iterator({ destroyOnReturn: false })) {
        this.#context.ledger.bytesIn += (chunk as Buffer).length;
        if (this.#isReading) await this.#received(chunk as Buffer);
      }
      if (this.#isReading && this.#reader.pendingBytes > 0)
        this.#fail(new ThriftError('bad_message', 'the connection ended in the middle of a message'));
    } catch {
      // It broke; 'close' follows.
    }
    await this.#calls.settled();
    this.#end();
  }

  async #received(chunk: Buffer): Promise<void> {
    try {
      this.#reader.push(chunk);
      for (let message = this.#reader.next(); message !== undefined; message = this.#reader.next()) {
        this.#patience.met('the end of a frame');
        const kept = this.#directory.isLarge(message) ? await this.#keepRoom() : 0;
        if (kept === undefined) return;
        this.#calls.add(message.bytes.length, message.isFramed, this.#answer(message), kept);
        await this.#room();
        if (!this.#isReading) return;
      }
      this.#countPending(this.#reader.pendingBytes);
      if (this.#pendingBytes > 0) this.#patience.expect('the end of a frame');
    } catch (error) {
      this.#fail(this.#gate.asToStranger(error as Error));
    }
  }

  /** Settles when a large answer may be made, and keeps the room for it; undefined: nothing is to be begun any more. */
  async #keepRoom(): Promise<number | undefined> {
    const { inHand } = this.#context;
    while (!inHand.hasRoomFor(LARGE_ANSWER_BYTES) && this.#isReading)
      await Promise.race([inHand.less(), this.#changed.wait()]);
    if (!this.#isReading) return undefined;
    inHand.addAnswer(LARGE_ANSWER_BYTES);
    return LARGE_ANSWER_BYTES;
  }

  /** Settles when the next call may be begun. */
  async #room(): Promise<void> {
    const { inHand, services } = this.#context;
    while (this.#calls.isFull && this.#isReading) await this.#changed.wait();
    while (inHand.isFull && this.#isReading) await Promise.race([inHand.less(), this.#changed.wait()]);
    for (const { room } of services) {
      const settling = room?.();
      if (settling !== undefined) await settling;
    }
  }

  /** An answer was written: there may be room for other calls, or it was the last. */
  #answered(): void {
    this.#changed.notify();
    if (this.#calls.isEmpty && !this.#isReading) this.#end();
  }

  /** Never rejects. Undefined: nobody waits for an answer. */
  async #answer(message: Message): Promise<Buffer | undefined> {
    const { thrift } = this.#context.ledger;
    const startedAt = performance.now();
    const { name, type, protocol, sequenceId } = message;
    const asked = { protocol, sequenceId, method: methodOf(name) };
    const isOneway = type === MESSAGE_TYPE.ONEWAY;
    let label = 'none';
    let outcome = 'ok';
    try {
      const found = this.#directory.find(message);
      ({ label } = found);
      if (label !== AUTHENTICATE) this.#gate.expectOpen();
      const call = { method: found.method, isOneway, peer: this.#peer, signal: this.#ending.signal };
      const reply = await found.answer({ ...message, ...call });
      return isOneway ? undefined : reply;
    } catch (error) {
      outcome = this.#tell(error as Error, label);
      if (error instanceof ThriftError && error.isFatal) this.#isReading = false;
      return exceptionOf(error, asked, isOneway);
    } finally {
      thrift.answered(label, outcome, (performance.now() - startedAt) / 1000);
    }
  }

  #admit(token: string): boolean {
    const isIn = this.#gate.enter(token);
    if (isIn) this.#reader.allow(this.#context.limits);
    else {
      this.#tell(DENIED, AUTHENTICATE);
      this.#isReading = false;
    }
    return isIn;
  }

  /** A message that can't be read: its sender is told, as far as it is known how, and the connection ends. */
  #fail(error: Error): void {
    if (!this.#isReading) return;
    this.#isReading = false;
    this.#changed.notify();
    this.#tell(error, 'none');
    const { protocol, header, isFramed } = this.#reader.understood;
    if (protocol !== undefined && header?.type !== MESSAGE_TYPE.ONEWAY) {
      const asked = { protocol, method: methodOf(header?.name ?? ''), sequenceId: header?.sequenceId ?? 0 };
      this.#calls.addLast(framed(encodeException(asked, asThrift(error)), isFramed));
    }
    if (this.#calls.isEmpty) this.#end();
  }

  /** Counts what went wrong and says it; answers its code. */
  #tell(error: Error, label: string): string {
    const { ledger, peers } = this.#context;
    const { code } = asThrift(error);
    ledger.error(`thrift_${code}`);
    const fields = { peer: this.#peer, code, method: label };
    if (code === 'internal')
      peers.say(
        'thrift internal',
        'error',
        { ...fields, err: error },
        `a Thrift call failed: ${error.message}`,
      );
    else peers.say(`thrift ${code}`, 'warn', fields, `Thrift: ${error.message}`);
    return code;
  }

  /** Ends this side. What the peer still sends is read and let go, for a while. */
  #end(): void {
    if (this.#socket.writableEnded) return;
    this.#isReading = false;
    this.#patience.end();
    const socket = this.#socket;
    const cutOffAfter = (ms: number) => setTimeout(() => socket.destroy(), ms);
    // The last of its answers may still be on their way to a peer that reads slowly.
    let late = cutOffAfter(this.#context.limits.frameTimeoutMs);
    socket.once('finish', () => {
      clearTimeout(late);
      late = cutOffAfter(LINGER_MS);
    });
    socket.end();
    void this.#closed.then(() => clearTimeout(late));
  }

  #idled(): void {
    if (!this.#calls.isEmpty) this.#socket.setTimeout(this.#context.limits.idleTimeoutMs);
    else this.#end();
  }

  #ranOut(owed: Owed): void {
    const seconds = this.#context.limits.frameTimeoutMs / 1000;
    if (owed === 'the end of a frame')
      this.#fail(new ThriftError('timeout', `a message was not whole within ${seconds} s (FRAME_TIMEOUT)`));
    else this.#socket.destroy();
  }

  #countPending(bytes: number): void {
    const more = bytes - this.#pendingBytes;
    this.#pendingBytes = bytes;
    this.#context.inHand.addPending(more);
  }

  #gone(): void {
    this.#isReading = false;
    this.#ending.abort();
    this.#patience.end();
    this.#countPending(0);
    this.#changed.notify();
  }
}

const asThrift = (error: Error): ThriftError =>
  error instanceof ThriftError
    ? error
    : new ThriftError('internal', 'the message could not be read', { cause: error });
