/** What the workload `peers` knows of a way to move entries, Logferry's or another's. */
import type { Usage } from '../measured_process.ts';
import type { Losses } from './losses.ts';
import type { ProgramName } from './programs.ts';

export interface Peer<Work> {
  readonly name: string;
  /** What lies on the receiver's disk at the end. */
  readonly stores: 'plain text' | 'gzip' | 'zstd';
  /** What a shipper knows of an entry that it has let go of. */
  readonly guarantee: string;
  /** Undefined where this project is all it takes. */
  readonly needs?: ProgramName;
  /** Does the work once; `path` is where the program is that it needs. Throws where it can't be done. */
  measure(work: Work, path: string, signal: AbortSignal): Promise<Round>;
}

/** A file that grows no more, from its shipper's start to its last byte in the receiver's output. */
export interface FileWork {
  readonly path: string;
  readonly bytes: number;
  readonly entries: number;
}

/** Clients that make up entries as fast as they can for so long, and send them. */
export interface EntryWork {
  readonly clients: number;
  readonly seconds: number;
  readonly seed: number;
}

/** One piece of work, done once. CPU and memory are of whole processes, their starts and ends included. */
export interface Round {
  /** That were sent. */
  readonly entries: number;
  readonly wallSeconds: number;
  readonly shipperCpuSeconds: number;
  readonly receiverCpuSeconds: number;
  readonly shipperPeakBytes: number;
  readonly receiverPeakBytes: number;
  /** From shipper to receiver; null where nobody counted. */
  readonly wireBytes: number | null;
  readonly storedBytes: number;
  readonly losses: Losses;
}

/** What both sides used: the shippers (or clients) summed up. */
export function costs(
  shippers: readonly Usage[],
  receiver: Usage,
): Pick<Round, 'shipperCpuSeconds' | 'receiverCpuSeconds' | 'shipperPeakBytes' | 'receiverPeakBytes'> {
  return {
    shipperCpuSeconds: shippers.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
    receiverCpuSeconds: receiver.cpuSeconds,
    shipperPeakBytes: shippers.reduce((sum, { peakBytes }) => sum + peakBytes, 0),
    receiverPeakBytes: receiver.peakBytes,
  };
}
