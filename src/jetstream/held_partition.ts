import { JetStreamError } from './jetstream_error.ts';
import type { SeenLedger, WorkGroup } from './work_group.ts';
import {
  isHeldBy,
  leftTo,
  newLedger,
  release,
  reserve,
  take,
  tell,
  type LeftRange,
  type WorkLedger,
  type WorkerRun,
} from './work_ledger.ts';

/** Another worker holds the partition, or another process under the same name. */
export class PartitionLost extends Error {
  override readonly name = 'PartitionLost';
  readonly holder: string | undefined;

  constructor(partition: number, holder: string | undefined) {
    super(`partition ${partition} was taken by ${holder ?? 'nobody'}`);
    this.holder = holder;
  }
}

/** A change that is refused is looked into at once; a server that has just lost its lead may still show what was. */
const ATTEMPTS = 5;

/** A partition this worker holds, as far as it knows: what it changes is refused once that is not so. */
export class HeldPartition {
  readonly partition: number;
  readonly #group: WorkGroup;
  readonly #me: WorkerRun;
  readonly #term: number;
  /** Undefined where it is not known whether the last change was made. */
  #seen: SeenLedger | undefined;
  #ledger: WorkLedger;
  #written: number;
  /** When something was reserved or written last. */
  #movedAt = performance.now();
  /** One change at a time. */
  #changing: Promise<unknown> = Promise.resolve();

  private constructor(group: WorkGroup, me: WorkerRun, partition: number, seen: SeenLedger) {
    this.partition = partition;
    this.#group = group;
    this.#me = me;
    this.#seen = seen;
    this.#ledger = seen.ledger;
    this.#term = seen.ledger.term;
    this.#written = seen.ledger.done;
  }

  /**
   * Takes a partition as it was seen; `first` is the first message there is, for one nobody has worked on. Undefined where
   * another was quicker, or something is left to this worker. Rejects where NATS does not answer.
   */
  static async take(
    group: WorkGroup,
    me: WorkerRun,
    partition: number,
    { seen, first }: { readonly seen: SeenLedger | undefined; readonly first: number },
  ): Promise<HeldPartition | undefined> {
    const before = seen?.ledger ?? newLedger(first);
    if (leftTo(before, me.worker).length > 0) return undefined;
    const ledger = take(before, me);
    const revision = await group.write(partition, ledger, seen?.revision ?? 0);
    if (revision === undefined) return undefined;
    return new HeldPartition(group, me, partition, { ledger, revision });
  }

  /** Up to here messages may be written. */
  get taken(): number {
    return this.#ledger.taken;
  }

  /** What workers before have to finish. */
  get left(): readonly LeftRange[] {
    return this.#ledger.left;
  }

  /** Up to here they are, as `wrote` was told. */
  get written(): number {
    return this.#written;
  }

  /** True where the bucket has not been told all that is written. */
  get isUntold(): boolean {
    return this.#written > this.#ledger.done;
  }

  /** How long what is reserved has waited to be written. */
  get stuckForMs(): number {
    return this.#written < this.taken ? performance.now() - this.#movedAt : 0;
  }

  /** What is up to here is durable in the output. */
  wrote(sequence: number): void {
    this.#written = Math.max(this.#written, sequence);
    this.#movedAt = performance.now();
  }

  /** Settles when messages up to `to` may be written. Rejects with PartitionLost, or where NATS does not answer: then it may be tried again. */
  async reserve(to: number): Promise<void> {
    if (to <= this.taken) return;
    await this.#change((ledger) => reserve(ledger, to, this.#written));
    this.#movedAt = performance.now();
  }

  /** Tells the others that this worker is alive, and how far it is. Rejects as `reserve`. */
  async tell(): Promise<void> {
    await this.#change((ledger) => tell(ledger, this.#written));
  }

  /** Hands the partition over. Rejects as `reserve`. */
  async release(): Promise<void> {
    await this.#change((ledger) => release(tell(ledger, this.#written)));
  }

  #change(rule: (ledger: WorkLedger) => WorkLedger): Promise<void> {
    const changed = this.#changing.then(() => this.#changeNow(rule));
    this.#changing = changed.catch(() => undefined);
    return changed;
  }

  async #changeNow(rule: (ledger: WorkLedger) => WorkLedger): Promise<void> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const seen = this.#seen ?? (await this.#look());
      const ledger = rule(seen.ledger);
      this.#seen = undefined;
      const revision = await this.#group.write(this.partition, ledger, seen.revision);
      if (revision === undefined) continue;
      this.#seen = { ledger, revision };
      this.#ledger = ledger;
      return;
    }
    throw new JetStreamError('unavailable', `the ledger of partition ${this.partition} can't be changed`);
  }

  async #look(): Promise<SeenLedger> {
    const seen = await this.#group.ledger(this.partition);
    if (seen === undefined || !isHeldBy(seen.ledger, this.#me, this.#term))
      throw new PartitionLost(this.partition, seen?.ledger.holder);
    this.#ledger = seen.ledger;
    return seen;
  }
}
