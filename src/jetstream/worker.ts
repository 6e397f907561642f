/**
 * A worker of a group: it writes partitions of the stream out to its target, as many as are its share. Four things run beside
 * each other: what it holds is written (`partition_tasks.ts`), the others are told that it is alive, the partitions are looked
 * over (what is left to it, what it takes and hands over), and what all groups have is deleted.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Bucket } from './bucket.ts';
import type { Nats } from './connection.ts';
import { GroupView, type View } from './group_view.ts';
import { PartitionTasks, type HeldFigures } from './partition_tasks.ts';
import { PlaceStore } from './place_store.ts';
import { fairShare } from './share.ts';
import type { StreamNames } from './shipper_messages.ts';
import { Trimmer } from './trimmer.ts';
import type { WorkGroup } from './work_group.ts';
import type { WorkReport } from './work_report.ts';
import type { WorkTarget } from './work_target.ts';
import { areWrittenOut, endsToReach } from './written_out.ts';

export interface WorkerOptions {
  readonly nats: Nats;
  readonly bucket: Bucket;
  readonly names: StreamNames;
  readonly group: WorkGroup;
  /** The name of this worker. */
  readonly worker: string;
  readonly target: WorkTarget;
  /** After so long without a sign of life a worker's partitions go to others. */
  readonly leaseMs: number;
  /** How long messages stay in the stream at least. */
  readonly keepMs: number;
  /** End when all that is there at the start is written out. */
  readonly isOnce: boolean;
  /** Takes nothing new, finishes what is reserved, hands all over. */
  readonly signal: AbortSignal;
  readonly report: WorkReport;
}

const TELL_WITHIN_MS = 1000;

/** With `isOnce` an end is looked for this often. */
const LOOK_FOR_END_MS = 200;

export class Worker {
  readonly #options: WorkerOptions;
  readonly #tasks: PartitionTasks;
  readonly #trimmer: Trimmer;
  readonly #view: GroupView;
  readonly #tellMs: number;
  readonly #ended = new AbortController();
  #fatal: Error | undefined;

  constructor(options: WorkerOptions) {
    const { nats, bucket, group, names, leaseMs, worker } = options;
    const places = new PlaceStore(nats, bucket);
    const onDouble = (): void =>
      this.#end(new Error(`another process works as ${worker}: a worker's folder (DATA_DIR) was copied`));
    const signal = AbortSignal.any([options.signal, this.#ended.signal]);
    this.#options = { ...options, signal };
    this.#tellMs = Math.min(TELL_WITHIN_MS, leaseMs / 3);
    this.#tasks = new PartitionTasks({ ...this.#options, places, tellMs: this.#tellMs, onDouble });
    this.#trimmer = new Trimmer({ ...options, places });
    this.#view = new GroupView(group, names.partitions, leaseMs);
  }

  get held(): readonly HeldFigures[] {
    return this.#tasks.held;
  }

  /**
   * Works until the signal aborts, or, with `isOnce`, until all is written out. Rejects where another process works under its name,
   * and with `isOnce` where something is left to a worker that is not there, or a stream is not whole.
   */
  async run(): Promise<void> {
    const { leaseMs, isOnce, signal, nats, names, group, worker } = this.#options;
    const ends = isOnce ? await endsToReach(nats, names, group) : undefined;
    const silent = new AbortController();
    const lookMs = isOnce ? Math.min(LOOK_FOR_END_MS, leaseMs / 3) : leaseMs / 3;
    const told = this.#every('telling the others', this.#tellMs, silent.signal, () => this.#tell());
    const trimmed = this.#every('trimming', leaseMs / 3, signal, () => this.#trim());
    await this.#every('looking at the partitions', lookMs, signal, async () => {
      const view = await this.#view.look();
      this.#lookOver(view);
      if (ends !== undefined) this.#endWhere(ends, view);
    });
    await this.#tasks.ended();
    silent.abort();
    await Promise.all([told, trimmed]);
    // Where NATS does not answer, it is dead to the others when it has been silent for long enough.
    await group.leave(worker).catch(() => undefined);
    if (this.#fatal !== undefined) throw this.#fatal;
  }

  #end(error?: Error): void {
    this.#fatal ??= error;
    this.#ended.abort();
  }

  /** Does it again and again until the signal aborts; what fails is told. */
  async #every(what: string, ms: number, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    const { report } = this.#options;
    while (!signal.aborted) {
      try {
        await work();
        report.works(what);
      } catch (error) {
        report.fails(what, error as Error);
      }
      await delay(ms, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Says that this worker is alive, and how far it is. One that can't write says nothing: others are to go on. */
  async #tell(): Promise<void> {
    const { nats, group, worker, leaseMs } = this.#options;
    try {
      if (await this.#tasks.tell(leaseMs)) await group.beat(worker);
      nats.silence.ends();
    } catch (error) {
      await nats.silence.lasts(error);
      throw error;
    }
  }

  async #trim(): Promise<void> {
    for (const { partition } of this.held) await this.#trimmer.trim(partition, this.#options.signal);
  }

  /** Begins and ends work on partitions. */
  #lookOver({ partitions, alive }: View): void {
    const { worker, leaseMs } = this.#options;
    for (const view of partitions) this.#tasks.finishLeft(view);
    const { take, handOver } = fairShare({ me: worker, alive, partitions, patienceMs: 2 * leaseMs });
    for (const partition of handOver) this.#tasks.handOver(partition);
    for (const view of partitions) {
      const isMine = view.holder === worker || take.includes(view.partition);
      if (isMine && !handOver.includes(view.partition)) this.#tasks.take(view);
      else if (!isMine && view.holder !== undefined) this.#tasks.passOver(view.partition);
    }
  }

  #endWhere(ends: readonly number[], { partitions, alive }: View): void {
    try {
      if (areWrittenOut(ends, { partitions, alive: [...alive, this.#options.worker] })) this.#end();
    } catch (error) {
      this.#end(error as Error);
    }
  }
}
