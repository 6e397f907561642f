import { DeadLetters } from '../../src/shipper/dead_letters/dead_letters.ts';
import { Delivery, type DeliveryOptions } from '../../src/shipper/delivery.ts';
import { noCounts, type Counts } from '../../src/shipper/counts.ts';
import { encodeBatch, type Compression, type Encoded, type Mode } from '../../src/shipper/encode.ts';
import { collectLogs, type CollectedLogs } from './logs.ts';
import { temporaryFolder, type TemporaryFolder } from './temp_folder.ts';

const RAW: Compression = { algorithm: 'none', level: 6, bypassBelow: 0 };

export interface TestDelivery extends AsyncDisposable {
  readonly delivery: Delivery;
  readonly counts: Counts;
  readonly logs: CollectedLogs;
  readonly folder: TemporaryFolder;
}

export interface DeliveryWishes extends Partial<Omit<DeliveryOptions, 'dial'>> {
  readonly dial?: Partial<DeliveryOptions['dial']>;
}

/** A delivery to a receiver on this machine, that reconnects soon. */
export async function testDelivery(
  port: number,
  { dial, ...wishes }: DeliveryWishes = {},
): Promise<TestDelivery> {
  const folder = await temporaryFolder();
  const logs = collectLogs();
  const counts = noCounts();
  const delivery = new Delivery({
    dial: {
      addresses: [{ host: '127.0.0.1', port }],
      delivery: 'acked',
      helloTimeoutMs: 5000,
      shipperId: 'a',
      ...dial,
    },
    reconnect: { firstMs: 1, maxMs: 5 },
    canReread: false,
    compression: () => RAW,
    deadLetters: new DeadLetters(folder.path, 'a', logs.log),
    counts,
    log: logs.log,
    onFreed: () => undefined,
    ...wishes,
  });
  return {
    ...{ delivery, counts, logs, folder },
    async [Symbol.asyncDispose]() {
      await delivery.close(100);
      await folder[Symbol.asyncDispose]();
    },
  };
}

export interface BatchWishes {
  readonly mode?: Mode;
  /** The length of its one entry, about. */
  readonly bytes?: number;
  readonly positions?: Encoded['positions'];
}

/** Batch number `sequence`, of one entry `{"n":sequence,…}`. */
export function numberedBatch(
  sequence: number,
  { mode = 'acked', bytes = 0, positions = {} }: BatchWishes = {},
): Promise<Encoded> {
  const filler = bytes === 0 ? '' : `,"filler":"${'x'.repeat(bytes)}"`;
  const raw = Buffer.from(`{"n":${sequence}${filler}}\n`);
  return encodeBatch({ sequence, count: 1, raw, positions }, mode, RAW);
}

/** Hands over batches `from` to `to` without waiting for room; what `send` says afterwards is for `drained` to tell. */
export async function sendBatches(
  delivery: Delivery,
  from: number,
  to: number,
  wishes: BatchWishes = {},
): Promise<void> {
  for (let sequence = from; sequence <= to; sequence += 1) {
    delivery.send(await numberedBatch(sequence, wishes)).catch(() => undefined);
  }
}
