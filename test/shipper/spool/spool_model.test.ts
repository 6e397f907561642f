import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openSpool, spoolBatch, type TestSpool } from '../../helpers/spools.ts';
import { temporaryFolder } from '../../helpers/temp_folder.ts';

/** What should be in the spool: of each epoch the numbers appended, and how far they were acknowledged. */
interface Model {
  readonly epochs: Map<number, { appended: number; acknowledged: number }>;
}

type Step =
  | { readonly do: 'append'; readonly bytes: number }
  | { readonly do: 'read' }
  | { readonly do: 'acknowledge'; readonly share: number }
  | { readonly do: 'reopen' };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('append' as const), bytes: fc.nat(3000) }) },
  { weight: 6, arbitrary: fc.constant({ do: 'read' as const }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('acknowledge' as const), share: fc.nat(100) }) },
  { weight: 1, arbitrary: fc.constant({ do: 'reopen' as const }) },
);

/** Carries out the steps on a spool, holding what it gives against the model. */
class Run {
  readonly #folder: string;
  readonly #model: Model = { epochs: new Map() };
  #tested: TestSpool | undefined;
  #queue: number[] = [];
  #batches: ReturnType<TestSpool['spool']['read']> | undefined;
  #read = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async open(): Promise<void> {
    await this.#tested?.spool.close();
    this.#tested = await openSpool(this.#folder, { maxBytes: 64_000 });
    const { spool } = this.#tested;
    this.#model.epochs.set(spool.epoch, { appended: 0, acknowledged: 0 });
    this.#queue = spool.epochs();
    this.#begin();
    const whole = [...this.#model.epochs].filter(([, { appended, acknowledged }]) => appended > acknowledged);
    for (const [epoch] of whole) expect(spool.epochs()).toContain(epoch);
  }

  async do(step: Step): Promise<void> {
    if (step.do === 'append') await this.#append(step.bytes);
    else if (step.do === 'read') await this.#readOne();
    else if (step.do === 'acknowledge') this.#acknowledge(step.share);
    else await this.open();
  }

  /** The rest is read and acknowledged; nothing is left. */
  async finish(): Promise<void> {
    await this.#spool.end();
    while (this.#queue.length > 0) await this.#readOne(true);
    for (const [epoch, { appended }] of this.#model.epochs) this.#spool.acknowledged(epoch, appended);
    await this.#spool.close();
    const { spool } = await openSpool(this.#folder);
    expect(spool.epochs()).toHaveLength(1);
    await spool.close();
  }

  get #spool() {
    if (this.#tested === undefined) throw new Error('not open');
    return this.#tested.spool;
  }

  get #epoch(): number {
    return this.#queue[0] ?? 0;
  }

  #begin(): void {
    this.#batches = this.#queue.length === 0 ? undefined : this.#spool.read(this.#epoch);
    this.#read = 0;
  }

  #of(epoch: number) {
    const line = this.#model.epochs.get(epoch);
    if (line === undefined) throw new Error(`nothing was appended in epoch ${epoch}`);
    return line;
  }

  async #append(bytes: number): Promise<void> {
    const { epoch } = this.#spool;
    if (this.#spool.bytes > 50_000) return;
    this.#of(epoch).appended += 1;
    await this.#spool.append(await spoolBatch(this.#of(epoch).appended, { bytes }));
  }

  async #readOne(acknowledges = false): Promise<void> {
    const line = this.#of(this.#epoch);
    const isOwn = this.#epoch === this.#spool.epoch;
    if (isOwn && !acknowledges && this.#read === line.appended) return;
    const { value } = (await this.#batches?.next()) ?? {};
    if (value === undefined) {
      expect({ epoch: this.#epoch, read: Math.max(this.#read, line.acknowledged) }).toEqual({
        epoch: this.#epoch,
        read: line.appended,
      });
      this.#queue.shift();
      this.#begin();
      return;
    }
    if (this.#read === 0) expect(value.sequence).toBeLessThanOrEqual(line.acknowledged + 1);
    else expect(value.sequence).toBe(this.#read + 1);
    this.#read = value.sequence;
    if (acknowledges) this.#acknowledge(100);
  }

  #acknowledge(share: number): void {
    const line = this.#of(this.#epoch);
    line.acknowledged = Math.max(line.acknowledged, Math.floor((this.#read * share) / 100));
    if (line.acknowledged > 0) this.#spool.acknowledged(this.#epoch, line.acknowledged);
  }
}

test('whatever is appended, read, acknowledged and reopened in whatever order: nothing unacknowledged is missing, nothing comes twice', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 80 }), async (steps) => {
      await using folder = await temporaryFolder();
      const run = new Run(folder.path);
      await run.open();
      for (const one of steps) await run.do(one);
      await run.finish();
    }),
    { numRuns: 60, seed: 7 },
  );
});
