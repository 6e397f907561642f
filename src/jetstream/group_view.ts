/** What a worker sees of its group. */
import type { SeenPartition } from './share.ts';
import { Sightings } from './sightings.ts';
import type { SeenLedger, WorkGroup } from './work_group.ts';

export interface PartitionView extends SeenPartition {
  /** Undefined where nobody has worked on it. */
  readonly seen: SeenLedger | undefined;
}

export interface View {
  readonly partitions: readonly PartitionView[];
  readonly alive: readonly string[];
}

const FORGOTTEN_AFTER_LEASES = 100;

export class GroupView {
  readonly #group: WorkGroup;
  readonly #partitions: number;
  readonly #leaseMs: number;
  readonly #sightings = new Sightings();

  constructor(group: WorkGroup, partitions: number, leaseMs: number) {
    this.#group = group;
    this.#partitions = partitions;
    this.#leaseMs = leaseMs;
  }

  /** Looks. Rejects where NATS does not answer, and then holds no silence before against anybody. */
  async look(): Promise<View> {
    try {
      const members = await this.#group.members();
      const alive = [...members].filter(([worker, revision]) => this.#isAlive(`worker ${worker}`, revision));
      const partitions: PartitionView[] = [];
      for (let partition = 0; partition < this.#partitions; partition += 1)
        partitions.push(this.#seen(partition, await this.#group.ledger(partition)));
      await this.#forgetDead(members, partitions);
      return { partitions, alive: alive.map(([worker]) => worker) };
    } catch (error) {
      this.#sightings.startAnew();
      throw error;
    }
  }

  /** Killed workers that nothing waits for leave no sign of life behind for good. One that wakes gives it anew. */
  async #forgetDead(
    members: ReadonlyMap<string, number>,
    partitions: readonly PartitionView[],
  ): Promise<void> {
    const ledgers = partitions.flatMap(({ seen }) => seen?.ledger ?? []);
    const awaited = ledgers.flatMap(({ holder, left }) => [holder, ...left.map(({ worker }) => worker)]);
    for (const [worker, revision] of members) {
      const isDead =
        this.#sightings.see(`worker ${worker}`, revision) >= FORGOTTEN_AFTER_LEASES * this.#leaseMs;
      if (isDead && !awaited.includes(worker)) await this.#group.leave(worker);
    }
  }

  #isAlive(key: string, revision: number): boolean {
    return this.#sightings.see(key, revision) < this.#leaseMs;
  }

  #seen(partition: number, seen: SeenLedger | undefined): PartitionView {
    const stillForMs = this.#sightings.see(`partition ${partition}`, seen?.revision ?? 0);
    const holder = seen?.ledger.holder;
    const isHeld = holder !== undefined && stillForMs < this.#leaseMs;
    return { partition, seen, stillForMs, ...(isHeld ? { holder } : {}) };
  }
}
