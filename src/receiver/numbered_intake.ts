import { decodeBatch, type Batch } from '../wire/batch.ts';
import type { Frame } from '../wire/frame.ts';
import { encodeReject, type Gap } from '../wire/messages.ts';
import { WireError } from '../wire/wire_error.ts';
import type { ShipperLine } from '../monitor/shipper_table.ts';
import { giveBack } from '../base/large_buffers.ts';
import { checkBatch, type CheckedBatch } from './check_batch.ts';
import type { IntakeContext } from './plain_intake.ts';
import type { Taken } from './taken.ts';

/** Takes the numbered batches of one shipper, on one connection. */
export class NumberedIntake {
  readonly #shipper: { readonly shipperId: string; readonly epoch: number };
  readonly #context: IntakeContext;
  readonly #line: ShipperLine;

  /** `line` is told of each batch. */
  constructor(
    shipper: { readonly shipperId: string; readonly epoch: number },
    line: ShipperLine,
    context: IntakeContext,
  ) {
    this.#shipper = shipper;
    this.#line = line;
    this.#context = context;
  }

  /** Starts the check of a BATCH, off this thread; the answer is to be called in the batch's turn. Throws WireError where its prefix is wrong. */
  begin({ algorithm, payload }: Frame): () => Promise<Taken> {
    const batch = decodeBatch(algorithm, payload);
    const checked = this.#context.inflating.hold(batch.rawLength, () =>
      checkBatch(batch, this.#context.check),
    );
    checked.catch(() => undefined);
    const begunAt = performance.now();
    return async () => {
      const settled = this.#line.took();
      const taken = await this.#store(batch, checked).catch((error: unknown) => {
        settled();
        throw error;
      });
      const durable = taken.durable.then(
        () => {
          giveBack(payload);
          this.#acknowledged(begunAt, settled);
        },
        (error: unknown) => {
          settled();
          throw error;
        },
      );
      return { ...taken, durable };
    };
  }

  #acknowledged(begunAt: number, settled: (ackSeconds: number) => void): void {
    const seconds = (performance.now() - begunAt) / 1000;
    this.#context.ledger.acks.observe(seconds);
    settled(seconds);
  }

  /** Takes the shipper's word that batches will never come. */
  async gap(gap: Gap): Promise<Taken> {
    const { ledger, peers } = this.#context;
    const { from, to, entries, reason } = gap;
    const fields = { shipper: this.#shipper.shipperId, from, to, entries, reason };
    peers.say('gap', 'warn', fields, 'shipper says it dropped batches');
    const { durable, ...taken } = await this.#storeNothing(gap, gap.positions);
    const counted = durable.then((outcome) => {
      if (outcome === 'stored') ledger.lost += entries;
    });
    return { ...taken, durable: counted };
  }

  async #store(batch: Batch, checking: Promise<CheckedBatch>): Promise<Taken> {
    const { archive, ledger, now } = this.#context;
    const { sequence, count, rawLength, crc, positions } = batch;
    ledger.received += count;
    let checked: CheckedBatch;
    try {
      checked = await checking;
    } catch (error) {
      if (error instanceof WireError) return this.#refuse(batch, error);
      throw error;
    }
    const numbered = { ...this.#shipper, sequence, count, rawLength, crc, positions };
    const block = { ...numbered, receivedAtMs: now(), ...checked };
    const durable = archive.append(block).then((outcome) => {
      if (outcome === 'repeated') ledger.repeated += count;
    });
    return { count, sequence, durable };
  }

  /** Its content is wrong and will be at every resend: the shipper is told to keep it. */
  async #refuse({ sequence, count, positions }: Batch, { code, message: reason }: WireError): Promise<Taken> {
    const { ledger, peers } = this.#context;
    ledger.reject(code, count);
    this.#line.rejected(count);
    const fields = { shipper: this.#shipper.shipperId, sequence, code, reason };
    peers.say(`rejected ${code}`, 'warn', fields, 'batch rejected');
    const gap = { from: sequence, to: sequence, entries: count, reason: `rejected: ${code}` };
    return {
      ...(await this.#storeNothing(gap, positions, code)),
      reply: encodeReject({ sequence, code, reason }),
    };
  }

  /** Puts a block of no entries in the place of sequences that hold nothing: the number line has no hole unexplained. */
  async #storeNothing({ from, to, entries, reason }: Gap, positions: Gap['positions'] = {}, code?: string) {
    const { archive, check, now } = this.#context;
    const body = await check.format.compress(Buffer.alloc(0), 1);
    const nothing = { ...this.#shipper, sequence: to, count: 0, rawLength: 0, crc: 0, positions };
    const block = {
      ...nothing,
      gap: { from, entries, reason, ...(code === undefined ? {} : { rejected: code }) },
      receivedAtMs: now(),
      body,
    };
    return { count: 0, sequence: to, durable: archive.append(block) };
  }
}
