/** What a worker has to say while it works. */
import type { LeftRange } from './work_ledger.ts';
import type { StreamBlock } from './work_target.ts';

export interface MissingMessages {
  /** The stretch they are missing from, in stream sequences. */
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

export interface WorkReport {
  /** They are durable in the output. */
  wrote(blocks: readonly StreamBlock[]): void;
  /** Messages that were nobody's yet are gone from the stream. */
  missing(partition: number, messages: MissingMessages): void;
  /** A message was left out for good. */
  refused(stream: string, sequence: number, reason: string): void;
  /** This worker goes on with the partition behind this message; `last` is the last there is. */
  taken(partition: number, written: number, last: number): void;
  /** Trimming of the partition waits for another worker, which has to write these. */
  waitingFor(partition: number, range: LeftRange): void;
  /** It finishes what was left to it before. */
  finishing(partition: number, range: LeftRange): void;
  /** In order: another may go on. */
  handedOver(partition: number, written: number): void;
  /** Another has it. */
  lost(partition: number, holder: string | undefined): void;
  /** NATS, or the output, does not do as asked, and is asked again. `work` says what for. */
  fails(work: string, error: Error): void;
  /** It does. */
  works(work: string): void;
}
