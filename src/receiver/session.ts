/**
 * One connection of a peer, from its first byte to its last. A peer that says HELLO is greeted and answered; to any
 * other not one byte is ever written: an unread reply would turn its close into a reset and destroy what it sent.
 *
 * Frames are handled in the order they came, one after the other; only the checking of batches (on the thread pool) and
 * the waiting for the disk overlap. What is in hand is bounded: past `windowBytes` the socket is not read.
 */
import type { Socket } from 'node:net';
import { ArchiveError } from '../archive/archive_error.ts';
import type { CommitLog } from '../archive/commit_log.ts';
import type { ByteBudget } from '../base/byte_budget.ts';
import type { Logger } from '../base/logger.ts';
import type { Ledger } from '../monitor/ledger.ts';
import { decodeBatch, type Batch } from '../wire/batch.ts';
import { decompress } from '../wire/codecs.ts';
import { FrameDecoder } from '../wire/decoder.ts';
import { ALGORITHMS, encodeFrame, type Frame, type FrameName } from '../wire/frame.ts';
import * as messages from '../wire/messages.ts';
import { decodePlain } from '../wire/plain.ts';
import { WireError, type WireErrorCode } from '../wire/wire_error.ts';
import type { BlockBuilder } from './block_builder.ts';
import { checkBatch, type CheckOptions } from './check_batch.ts';
import type { RejectedFile } from './rejected_file.ts';
import type { ShipperRegistry } from './shipper_registry.ts';

export interface SessionLimits {
  readonly maxFrameBytes: number;
  readonly maxBatchBytes: number;
  /** Bytes of BATCH frames a shipper may have unacknowledged. */
  readonly windowBytes: number;
  /** A connection that sends nothing for this long is closed. */
  readonly idleTimeoutMs: number;
}

/** What all sessions of a receiver share. */
export interface SessionContext {
  readonly limits: SessionLimits;
  readonly check: CheckOptions;
  readonly archive: CommitLog;
  readonly plain: BlockBuilder;
  readonly rejected: RejectedFile;
  readonly shippers: ShipperRegistry;
  /** Decompressed bytes in memory, over all connections. */
  readonly inflating: ByteBudget;
  readonly ledger: Ledger;
  readonly log: Logger;
  readonly now: () => number;
}

/** TCP asks a silent peer for a sign of life after so long. */
const KEEPALIVE_MS = 60_000;

/** A plain peer can't be told to stop: at shutdown it is read until it has been quiet for so long. */
const PLAIN_QUIET_MS = 100;

/** How long a shipper should stay away when this receiver shuts down. */
const RETURN_AFTER_MS = 500;

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
  #shipper: { readonly id: string; readonly epoch: number } | undefined;
  /** The handling of frames, each after the one before. */
  #ordered: Promise<void> = Promise.resolve();
  #inHandBytes = 0;
  #unsettled = new Set<Promise<void>>();
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
    socket.on('error', (error) =>
      this.#context.log.debug({ peer: this.peer, err: error }, 'connection broke'),
    );
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
    this.#socket.pause();
    await this.#drained();
    this.#bye(RETURN_AFTER_MS);
    this.#socket.destroySoon();
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
    const settle = (): void => this.#settled(bytes);
    if (frame.type === 'BATCH' && this.#stage === 'open') this.#inOrder(this.#beginBatch(frame, settle));
    else this.#inOrder(() => this.#handle(frame, settle));
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
    this.#ordered = this.#ordered.then(() => this.#fail(error));
  }

  async #handle(frame: Frame, settle: () => void): Promise<void> {
    if (!EXPECTED[this.#stage].has(frame.type)) {
      throw new WireError(
        'unexpected_type',
        `a ${frame.type} frame has no place here (the connection is ${this.#stage})`,
      );
    }
    const { payload } = frame;
    switch (frame.type) {
      case 'PLAIN':
        return this.#takePlain(frame, settle);
      case 'BATCH':
        return this.#beginBatch(frame, settle)();
      case 'GAP':
        return this.#storeGap(messages.decodeGap(payload), settle);
      case 'HELLO':
        this.#greet(frame);
        break;
      case 'OPEN':
        await this.#open(messages.decodeOpen(payload));
        break;
      case 'PING':
        this.#socket.write(encodeFrame('PONG', payload.subarray(0, 64)));
        break;
      case 'BYE':
        await this.#durable();
        this.#bye();
        this.#socket.end();
        break;
      default:
        break;
    }
    settle();
  }

  #greet({ algorithm, payload }: Frame): void {
    if (algorithm !== 'none' || !payload.equals(messages.HELLO_PAYLOAD)) {
      throw new WireError('bad_hello', 'a HELLO carries exactly the two bytes "[]"');
    }
    this.#stage = 'greeted';
    const { maxFrameBytes, maxBatchBytes } = this.#context.limits;
    this.#socket.write(
      messages.encodeWelcome({
        version: messages.PROTOCOL_VERSION,
        algorithms: ALGORITHMS,
        maxFrameBytes,
        maxBatchBytes,
        tokenWanted: false,
      }),
    );
  }

  async #open({ shipperId, epoch }: messages.Open): Promise<void> {
    const { shippers, archive, limits, log, now } = this.#context;
    await shippers.enter(shipperId, this);
    const place = await archive.resumePoint(shipperId);
    if (this.#isOver) return;
    const ready = {
      epoch: epoch ?? place?.epoch ?? now(),
      sequence: place !== undefined && (epoch === null || epoch === place.epoch) ? place.sequence : 0,
      positions: place?.positions ?? {},
      windowBytes: limits.windowBytes,
    };
    this.#stage = 'open';
    this.#shipper = { id: shipperId, epoch: ready.epoch };
    this.#durableSequence = ready.sequence;
    this.#socket.write(messages.encodeReady(ready));
    log.info(
      { peer: this.peer, shipper: shipperId, epoch: ready.epoch, sequence: ready.sequence },
      'shipper connected',
    );
  }

  async #takePlain({ algorithm, payload }: Frame, settle: () => void): Promise<void> {
    const { limits, inflating, plain, ledger } = this.#context;
    if (algorithm === 'zstd')
      throw new WireError('bad_algorithm', 'a PLAIN frame is not compressed, or gzip, or zlib');
    const { entries, rejected } = await inflating.hold(limits.maxBatchBytes, async () =>
      decodePlain(await decompress(algorithm, payload, { maxBytes: limits.maxBatchBytes })),
    );
    ledger.received += entries.count + rejected.length;
    if (rejected.length > 0) await this.#reject(rejected);
    if (entries.count === 0) settle();
    else this.#whenDurable(plain.add(entries), entries.count, settle);
  }

  async #reject(elements: readonly string[]): Promise<void> {
    const { ledger, log, rejected, now } = this.#context;
    ledger.rejected += elements.length;
    ledger.error('not_an_object');
    log.warn(
      { peer: this.peer, elements: elements.length },
      'elements of a PLAIN batch are not objects; they are kept in rejected/plain.jsonl',
    );
    const reason = 'an element of a PLAIN array is not an object';
    await rejected.add(
      elements.map((text) => ({ peer: this.peer, code: 'not_an_object', reason, text })),
      now(),
    );
  }

  #check(batch: Batch): Promise<Buffer> {
    return this.#context.inflating.hold(batch.rawLength, () => checkBatch(batch, this.#context.check));
  }

  /** Starts the check of a batch; the answer is to be called in its turn. */
  #beginBatch({ algorithm, payload }: Frame, settle: () => void): () => Promise<void> {
    const batch = decodeBatch(algorithm, payload);
    const body = this.#check(batch);
    body.catch(() => undefined);
    return () => this.#storeBatch(batch, body, settle);
  }

  async #storeBatch(batch: Batch, checked: Promise<Buffer>, settle: () => void): Promise<void> {
    const { archive, now, ledger } = this.#context;
    const { sequence, count, rawLength, crc, positions } = batch;
    ledger.received += count;
    let body: Buffer;
    try {
      body = await checked;
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      ledger.rejected += count;
      ledger.error(error.code);
      const refusal = { sequence, code: error.code, reason: error.message };
      this.#context.log.warn({ peer: this.peer, shipper: this.#shipper?.id, ...refusal }, 'batch rejected');
      return this.#storeNothing(
        { from: sequence, to: sequence, entries: count, reason: `rejected: ${error.code}` },
        batch,
        settle,
        refusal,
      );
    }
    const block = {
      ...this.#numbering(),
      sequence,
      count,
      rawLength,
      crc,
      positions,
      receivedAtMs: now(),
      body,
    };
    const stored = archive.append(block).then((outcome) => {
      if (outcome === 'repeated') ledger.repeated += count;
      this.#ackLater(sequence);
    });
    this.#whenDurable(stored, count, settle);
  }

  async #storeGap(gap: messages.Gap, settle: () => void): Promise<void> {
    this.#context.ledger.lost += gap.entries;
    this.#context.log.warn(
      {
        peer: this.peer,
        shipper: this.#shipper?.id,
        from: gap.from,
        to: gap.to,
        entries: gap.entries,
        reason: gap.reason,
      },
      'shipper says it dropped batches',
    );
    await this.#storeNothing(gap, { positions: gap.positions ?? {} }, settle);
  }

  /** Puts a block of no entries in the place of sequences that hold nothing, so that the number line has no hole unexplained. */
  async #storeNothing(
    gap: messages.Gap,
    { positions }: Pick<Batch, 'positions'>,
    settle: () => void,
    refusal?: messages.Reject,
  ): Promise<void> {
    const { archive, check, now } = this.#context;
    const { from, to, entries, reason } = gap;
    const body = await check.format.compress(Buffer.alloc(0), 1);
    const block = {
      ...this.#numbering(),
      sequence: to,
      count: 0,
      rawLength: 0,
      crc: 0,
      positions,
      gap: { from, entries, reason },
    };
    const stored = archive.append({ ...block, receivedAtMs: now(), body }).then(() => {
      if (refusal !== undefined) this.#socket.write(messages.encodeReject(refusal));
      this.#ackLater(to);
    });
    this.#whenDurable(stored, 0, settle);
  }

  #numbering(): { shipperId: string; epoch: number } {
    if (this.#shipper === undefined) throw new WireError('unexpected_type', 'a batch before OPEN');
    return { shipperId: this.#shipper.id, epoch: this.#shipper.epoch };
  }

  /** Keeps count of a write of `count` entries under way; an error of it ends the session. */
  #whenDurable(written: Promise<void>, count: number, settle: () => void): void {
    const done = written.then(settle, (error: unknown) => {
      this.#context.ledger.refused += count;
      settle();
      this.#fail(error as Error);
    });
    this.#unsettled.add(done);
    void done.finally(() => this.#unsettled.delete(done));
  }

  #settled(bytes: number): void {
    this.#inHandBytes -= bytes;
    if (this.#inHandBytes <= this.#context.limits.windowBytes && this.#isReading) this.#socket.resume();
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
    if (!this.#isAckDue || !this.#socket.writable) return;
    this.#isAckDue = false;
    this.#socket.write(
      messages.encodeAck({ sequence: this.#durableSequence, windowBytes: this.#context.limits.windowBytes }),
    );
  }

  #bye(returnAfterMs?: number): void {
    if (this.#stage === 'plain' || !this.#socket.writable) return;
    this.#socket.write(messages.encodeBye(returnAfterMs === undefined ? {} : { returnAfterMs }));
  }

  /** The peer sends no more: what it sent is settled and acknowledged, then this side closes too. */
  #ended(): void {
    if (this.#decoder.isMidFrame) {
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
    this.#isReading = false;
    const { ledger, log } = this.#context;
    const code = codeOf(error);
    ledger.error(code);
    const level = code === 'unavailable' ? 'error' : 'warn';
    log[level](
      { peer: this.peer, shipper: this.#shipper?.id, code, reason: error.message },
      `connection closed: ${error.message}`,
    );
    if (this.#stage !== 'plain' && this.#socket.writable)
      this.#socket.write(messages.encodeFault({ code, reason: error.message }));
    this.#socket.destroySoon();
  }

  /** Settles when a plain peer has sent nothing for a moment, or has closed. */
  async #quiet(): Promise<void> {
    for (let before = -1; before !== this.#socket.bytesRead && !this.#socket.destroyed;) {
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
