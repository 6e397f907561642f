/** One command of the shipper, to its end, to a receiver with an empty archive; then `verify` reads what it left. */
import { join } from 'node:path';
import { runShipper, shipperCommand, startReceiver, verifyArchive } from './product.ts';
import { scratchFolder } from './scratch_folder.ts';

export interface ShipmentOptions {
  /** Of the shipper: `send FILE`, `generate`. */
  readonly command: readonly string[];
  readonly shipperFlags?: readonly string[];
  readonly receiverFlags?: readonly string[];
  /** Goes before both programs: `taskset -c 0`. */
  readonly under?: readonly string[];
  /** What the archive must hold; where it is left out, what the shipper says was acknowledged. */
  readonly entries?: number;
}

/** What it cost. CPU and memory are of whole processes, their starts and ends included. */
export interface Shipment {
  readonly entries: number;
  /** From the shipper's start to its exit. */
  readonly wallSeconds: number;
  readonly shipperCpuSeconds: number;
  readonly receiverCpuSeconds: number;
  readonly shipperPeakBytes: number;
  readonly receiverPeakBytes: number;
  readonly batches: number;
  readonly rawBytes: number;
  readonly wireBytes: number;
  readonly archiveBytes: number;
}

/** Throws unless every entry was acknowledged and is in the archive. */
export async function shipOnce(options: ShipmentOptions, signal: AbortSignal): Promise<Shipment> {
  const { command, shipperFlags = [], receiverFlags = [], under = [] } = options;
  await using scratch = await scratchFolder();
  const dataDir = join(scratch.path, 'data');
  await using receiver = await startReceiver(dataDir, receiverFlags, signal, under);
  const flags = [...shipperFlags, '--state-dir', join(scratch.path, 'state')];
  const { usage: shipper, shipped } = await runShipper(
    shipperCommand(command, receiver.port, flags, under),
    signal,
  );
  const received = await receiver.stop();
  const entries = options.entries ?? shipped.acknowledged;
  return {
    entries,
    wallSeconds: shipper.wallSeconds,
    shipperCpuSeconds: shipper.cpuSeconds,
    receiverCpuSeconds: received.cpuSeconds,
    shipperPeakBytes: shipper.peakBytes,
    receiverPeakBytes: received.peakBytes,
    batches: shipped.batches,
    rawBytes: shipped.rawBytes,
    wireBytes: shipped.wireBytes,
    archiveBytes: await verifyArchive(dataDir, entries, signal),
  };
}

/** CPU of both sides, per million entries. */
export const cpuPerMillion = ({ shipperCpuSeconds, receiverCpuSeconds, entries }: Shipment): number =>
  ((shipperCpuSeconds + receiverCpuSeconds) / entries) * 1e6;
