/** What a worker does with partitions, one thing at a time with each: it finishes what was left to it, or holds it and writes. */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { StreamState } from '@nats-io/jetstream';
import type { Nats } from './connection.ts';
import { expectWhole } from './expect_whole.ts';
import type { PartitionView } from './group_view.ts';
import { HeldPartition, PartitionLost } from './held_partition.ts';
import { streamOf } from './names.ts';
import { writePartition, writeRange, type PartitionOptions } from './partition_work.ts';
import type { PlaceStore } from './place_store.ts';
import type { StreamNames } from './shipper_messages.ts';
import type { SeenLedger, WorkGroup } from './work_group.ts';
import { finish, leftTo, type LeftRange, type WorkerRun } from './work_ledger.ts';
import type { WorkReport } from './work_report.ts';
import type { WorkTarget } from './work_target.ts';

export interface TaskOptions {
  readonly nats: Nats;
  readonly places: PlaceStore;
  readonly names: StreamNames;
  readonly group: WorkGroup;
  /** The name of this worker. */
  readonly worker: string;
  readonly target: WorkTarget;
  readonly report: WorkReport;
  /** Take nothing new, finish what is reserved, hand over. */
  readonly signal: AbortSignal;
  /** A holder tells the others so often that it is alive. */
  readonly tellMs: number;
  /** Another process holds a partition under this worker's name. */
  readonly onDouble: () => void;
}

interface Task {
  readonly stop: AbortController;
  held?: HeldPartition;
  ended: Promise<void>;
}

/** How far a partition is that is held. */
export interface HeldFigures {
  readonly partition: number;
  readonly taken: number;
  readonly written: number;
}

export class PartitionTasks {
  readonly #options: TaskOptions;
  readonly #me: WorkerRun;
  readonly #tasks = new Map<number, Task>();

  constructor(options: TaskOptions) {
    this.#me = { worker: options.worker, run: randomUUID() };
    this.#options = options;
  }

  get held(): readonly HeldFigures[] {
    return [...this.#tasks].flatMap(([partition, { held }]) =>
      held === undefined ? [] : [{ partition, taken: held.taken, written: held.written }],
    );
  }

  /** Settles when all have ended. */
  async ended(): Promise<void> {
    await Promise.all([...this.#tasks.values()].map(({ ended }) => ended));
  }

  /** Finishes what is left to this worker of a partition, if anything is. */
  finishLeft({ partition, seen }: PartitionView): void {
    const { worker, report } = this.#options;
    const [range] = seen === undefined ? [] : leftTo(seen.ledger, worker);
    if (range === undefined) return;
    this.#begin(partition, async (task) => {
      report.finishing(partition, range);
      if (await writeRange(range, this.#partition(partition, task))) await this.#finished(partition, range);
    });
  }

  /** Takes a partition and writes it out until it is to be handed over, or another takes it. */
  take({ partition, seen }: PartitionView): void {
    const { group, names, report, onDouble } = this.#options;
    this.#begin(partition, async (task) => {
      if (seen !== undefined && (await this.#isBeaten(partition, seen))) {
        onDouble();
        return;
      }
      const { first_seq: first, last_seq: last } = await this.#stateOf(partition);
      expectWhole(streamOf(names.stream, partition), last, seen?.ledger.taken ?? 0);
      const held = await HeldPartition.take(group, this.#me, partition, { seen, first: Math.max(1, first) });
      if (held === undefined) return;
      task.held = held;
      report.taken(partition, held.written, last);
      for (const range of held.left) report.waitingFor(partition, range);
      await writePartition(held, this.#partition(partition, task));
      await held.release();
      report.handedOver(partition, held.written);
      report.works(`partition ${partition}`);
    });
  }

  /** Another worker holds the partition: what failed with it here before is no trouble any more. */
  passOver(partition: number): void {
    if (!this.#tasks.has(partition)) this.#options.report.works(`partition ${partition}`);
  }

  /** Ends work on a partition when what is reserved is written, and hands it over. */
  handOver(partition: number): void {
    this.#tasks.get(partition)?.stop.abort();
  }

  /**
   * Tells others how far each partition is, but those in which nothing was written for `patienceMs` though something is reserved:
   * others are to take them. The answer is true where there is none of these.
   */
  async tell(patienceMs: number): Promise<boolean> {
    const tasks = [...this.#tasks.values()];
    const well = tasks.filter(({ held }) => (held?.stuckForMs ?? 0) < patienceMs);
    await Promise.all(well.map(tellOf));
    return well.length === tasks.length;
  }

  /** True where a process of this worker's name that is not this one holds the partition, and is alive. */
  async #isBeaten(partition: number, { ledger, revision }: SeenLedger): Promise<boolean> {
    const { group, worker, tellMs, signal } = this.#options;
    if (ledger.holder !== worker || ledger.run === this.#me.run) return false;
    await delay(2 * tellMs, undefined, { signal }).catch(() => undefined);
    const now = await group.ledger(partition);
    return now !== undefined && now.revision !== revision && now.ledger.run === ledger.run;
  }

  async #finished(partition: number, { to }: LeftRange): Promise<void> {
    const { group, worker } = this.#options;
    for (;;) {
      const seen = await group.ledger(partition);
      if (seen === undefined) return;
      const ledger = finish(seen.ledger, worker, to);
      if ((await group.write(partition, ledger, seen.revision)) !== undefined) return;
    }
  }

  /** Begins a task, where there is none of the partition. */
  #begin(partition: number, work: (task: Task) => Promise<void>): void {
    if (this.#tasks.has(partition)) return;
    const task: Task = { stop: new AbortController(), ended: Promise.resolve() };
    this.#tasks.set(partition, task);
    task.ended = work(task)
      .catch((error: unknown) => this.#failed(partition, error))
      .finally(() => this.#tasks.delete(partition));
  }

  #failed(partition: number, error: unknown): void {
    const { worker, report, onDouble } = this.#options;
    if (!(error instanceof PartitionLost)) {
      report.fails(`partition ${partition}`, error as Error);
      return;
    }
    report.works(`partition ${partition}`);
    if (error.holder === worker) onDouble();
    else report.lost(partition, error.holder);
  }

  #partition(partition: number, { stop }: Task): PartitionOptions {
    const { names, signal, ...options } = this.#options;
    const stream = streamOf(names.stream, partition);
    return { ...options, partition, stream, signal: AbortSignal.any([signal, stop.signal]) };
  }

  async #stateOf(partition: number): Promise<StreamState> {
    const { nats, names } = this.#options;
    const { state } = await nats.ask(() => nats.manager.streams.info(streamOf(names.stream, partition)));
    return state;
  }
}

/** A partition that is lost ends its task, which then says so. */
async function tellOf({ held, stop }: Task): Promise<void> {
  try {
    await held?.tell();
  } catch (error) {
    if (!(error instanceof PartitionLost)) throw error;
    stop.abort();
  }
}
