import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  decodeLedger,
  encodeLedger,
  finish,
  isHeldBy,
  leftTo,
  newLedger,
  release,
  reserve,
  take,
  tell,
  writtenOut,
  type WorkLedger,
  type WorkerRun,
} from '../../src/jetstream/work_ledger.ts';

const run = (worker: string): WorkerRun => ({ worker, run: `run of ${worker}` });

describe('a ledger of work', () => {
  test('leaves to a worker that is gone what it had reserved, and all behind it to the next', () => {
    const held = tell(reserve(take(newLedger(1), run('a')), 30, 0), 20);
    const taken = take(held, run('b'));
    expect(taken).toMatchObject({ holder: 'b', term: 2, taken: 30, done: 30 });
    expect(leftTo(taken, 'a')).toEqual([{ worker: 'a', from: 21, to: 30 }]);
    expect(isHeldBy(taken, run('a'), 1)).toBe(false);
    expect(writtenOut(reserve(taken, 50, 50))).toBe(20);
    expect(writtenOut(finish(taken, 'a', 30))).toBe(30);
  });

  test('leaves nothing where the holder had done what it took', () => {
    const { holder, left, done } = release(tell(reserve(take(newLedger(5), run('a')), 30, 4), 30));
    expect({ holder, left, done }).toEqual({ holder: undefined, left: [], done: 30 });
  });

  test('gives a worker that comes back its own reservation, in a term of its own', () => {
    const again = take(tell(reserve(take(newLedger(1), run('a')), 30, 0), 10), run('a'));
    expect(again).toMatchObject({ holder: 'a', term: 2, taken: 30, done: 10, left: [] });
  });

  test('tells two processes of one name apart', () => {
    const held = take(newLedger(1), run('a'));
    expect(isHeldBy(held, run('a'), 1)).toBe(true);
    expect(isHeldBy(held, { worker: 'a', run: 'another' }, 1)).toBe(false);
    expect(Object.keys(release(held))).not.toContain('run');
  });

  test('is not for a worker that has ranges left', () => {
    const ledger = take(reserve(take(newLedger(1), run('a')), 30, 10), run('b'));
    expect(() => take(ledger, run('a'))).toThrow('a has ranges left');
    expect(take(finish(ledger, 'a', 30), run('a')).holder).toBe('a');
  });

  test('is read as it was written, and nothing else is', () => {
    const ledger = take(reserve(take(newLedger(1), run('a')), 30, 10), run('b'));
    expect(decodeLedger(encodeLedger(ledger))).toEqual(ledger);
    for (const text of ['', 'null', '[]', '{}', '{"term":1,"beat":0,"taken":1,"done":2,"left":[]}'])
      expect(() => decodeLedger(text)).toThrow('no ledger of work');
  });
});

const MESSAGES = 60;
const WORKERS = ['a', 'b', 'c'] as const;

/** A worker as it is: what it believes, and what its output holds, which outlives it. */
class Worker {
  readonly name: string;
  readonly output = new Set<number>();
  /** What it believes of the ledger while it holds the partition; it may be long past. */
  held: { readonly term: number; ledger: WorkLedger; at: number } | undefined;
  /** It does nothing until it is woken. */
  isPaused = false;

  constructor(name: string) {
    this.name = name;
  }

  write(sequence: number, all: readonly Worker[]): void {
    const other = all.find(({ name, output }) => name !== this.name && output.has(sequence));
    if (other !== undefined) throw new Error(`${sequence} is in ${other.name} and ${this.name}`);
    this.output.add(sequence);
  }
}

/** The bucket: one value, changed by compare-and-set. */
class Bucket {
  ledger = newLedger(1);

  change(seen: WorkLedger, next: WorkLedger): boolean {
    if (this.ledger !== seen) return false;
    this.ledger = next;
    return true;
  }
}

type Step = readonly [worker: number, action: number, amount: number];

/** One step of one worker; leases may run out at any moment, as nothing must hang on clocks. */
function step(bucket: Bucket, all: readonly Worker[], [index, action, amount]: Step): void {
  const worker = all[index % all.length] as Worker;
  if (action === 0) {
    worker.isPaused = !worker.isPaused;
    return;
  }
  if (worker.isPaused) return;
  if (action === 1) worker.held = undefined;
  else if (action === 2) acquire(bucket, worker, all, amount);
  else if (action === 3) reserveMore(bucket, worker, amount);
  else if (action === 4) writeSome(worker, all, amount);
  else if (action === 5) handOver(bucket, worker);
}

/** Finishes what is left to it, some of it at a time, then takes the partition, whoever holds it. */
function acquire(bucket: Bucket, worker: Worker, all: readonly Worker[], amount: number): void {
  if (worker.held !== undefined) return;
  const seen = bucket.ledger;
  const [range] = leftTo(seen, worker.name);
  if (range === undefined) {
    const ledger = take(seen, run(worker.name));
    if (bucket.change(seen, ledger)) worker.held = { term: ledger.term, ledger, at: ledger.done };
    return;
  }
  const to = Math.min(range.to, range.from + amount);
  for (let sequence = range.from; sequence <= to; sequence += 1) worker.write(sequence, all);
  bucket.change(seen, finish(seen, worker.name, to));
}

function reserveMore(bucket: Bucket, { held, name }: Worker, amount: number): void {
  if (held === undefined || !isHeldBy(held.ledger, run(name), held.term)) return;
  const next = reserve(held.ledger, Math.min(MESSAGES, held.at + amount), held.at);
  if (bucket.change(held.ledger, next)) held.ledger = next;
}

/** It writes what it knows to be reserved, also where it has lost the partition meanwhile. */
function writeSome(worker: Worker, all: readonly Worker[], amount: number): void {
  const { held } = worker;
  if (held === undefined) return;
  const to = Math.min(held.ledger.taken, held.at + amount);
  for (; held.at < to; held.at += 1) worker.write(held.at + 1, all);
}

/** It is begun again, finishes what is its own, and takes the partition. */
function comeBack(bucket: Bucket, worker: Worker, all: readonly Worker[]): void {
  worker.isPaused = false;
  worker.held = undefined;
  const { term } = bucket.ledger;
  while (bucket.ledger.term === term) acquire(bucket, worker, all, MESSAGES);
}

function handOver(bucket: Bucket, worker: Worker): void {
  const { held } = worker;
  if (held === undefined) return;
  bucket.change(held.ledger, release(tell(held.ledger, held.at)));
  worker.held = undefined;
}

test('whoever dies, sleeps or wakes: no message is in two outputs, and none is left out once all have come back', () => {
  const steps = fc.array(fc.tuple(fc.nat(2), fc.nat(5), fc.integer({ min: 1, max: 8 })), { maxLength: 200 });
  fc.assert(
    fc.property(steps, (taken) => {
      const bucket = new Bucket();
      const all = WORKERS.map((name) => new Worker(name));
      for (const one of taken) step(bucket, all, one);
      for (const worker of all) {
        comeBack(bucket, worker, all);
        reserveMore(bucket, worker, MESSAGES);
        writeSome(worker, all, MESSAGES);
        handOver(bucket, worker);
      }
      expect(writtenOut(bucket.ledger)).toBe(MESSAGES);
      expect(all.flatMap(({ output }) => [...output]).toSorted((a, b) => a - b)).toEqual(
        Array.from({ length: MESSAGES }, (_, index) => index + 1),
      );
    }),
    { numRuns: 500 },
  );
});
