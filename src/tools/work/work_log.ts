import type { Logger } from '../../base/logger.ts';
import type { MissingMessages, WorkReport } from '../../jetstream/work_report.ts';
import type { LeftRange } from '../../jetstream/work_ledger.ts';
import type { StreamBlock } from '../../jetstream/work_target.ts';
import type { WorkCounts } from '../../monitor/worker_figures.ts';

/** A worker's word to people and to metrics. */
export class WorkLog implements WorkReport {
  readonly #log: Logger;
  readonly #counts = { entries: 0, blocks: 0, bytes: 0, missing: 0, refused: 0 };
  /** What fails at the moment, and why. */
  readonly #troubles = new Map<string, string>();

  constructor(log: Logger) {
    this.#log = log;
  }

  get counts(): WorkCounts {
    return this.#counts;
  }

  /** Why something is not written at the moment, if so. */
  get trouble(): string | undefined {
    return this.#troubles.values().next().value;
  }

  wrote(blocks: readonly StreamBlock[]): void {
    this.#counts.blocks += blocks.length;
    for (const { header } of blocks) {
      this.#counts.entries += header.count;
      this.#counts.bytes += header.memberLength;
    }
  }

  missing(partition: number, { from, to, count }: MissingMessages): void {
    this.#counts.missing += count;
    this.#log.error(
      { partition, from, to, missing: count },
      `partition ${partition}: ${count} of the messages ${from} to ${to} are gone from the stream, and lost`,
    );
  }

  refused(stream: string, sequence: number, reason: string): void {
    this.#counts.refused += 1;
    this.#log.error({ stream, sequence, reason }, `message ${sequence} of ${stream} is left out: ${reason}`);
  }

  taken(partition: number, written: number, last: number): void {
    const behind = Math.max(0, last - written);
    this.#log.info(
      { partition, written, behind },
      `partition ${partition}: taken, going on behind message ${written}, ${behind} before the last`,
    );
  }

  waitingFor(partition: number, { worker, from, to }: LeftRange): void {
    this.#log.warn(
      { partition, worker, from, to },
      `partition ${partition}: messages ${from} to ${to} are left to the worker ${worker}: the stream keeps all from there on until it has written them`,
    );
  }

  finishing(partition: number, { from, to }: LeftRange): void {
    this.#log.info(
      { partition, from, to },
      `partition ${partition}: messages ${from} to ${to} were left to this worker`,
    );
  }

  handedOver(partition: number, written: number): void {
    this.#log.info({ partition, written }, `partition ${partition}: handed over behind message ${written}`);
  }

  lost(partition: number, holder: string | undefined): void {
    this.#log.warn(
      { partition, holder },
      `partition ${partition}: ${holder ?? 'another worker'} took it, as this one was silent for too long`,
    );
  }

  fails(work: string, { message }: Error): void {
    const before = this.#troubles.get(work);
    this.#troubles.set(work, message);
    if (before !== message) this.#log.error(`${work}: ${message}; it is tried again`);
  }

  works(work: string): void {
    if (this.#troubles.delete(work)) this.#log.info(`${work}: it works again`);
  }
}
