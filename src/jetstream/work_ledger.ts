/**
 * Who writes a partition out for a group of workers, and up to where: a value of the bucket that is changed by
 * compare-and-set alone. All rules are here, and they are functions of the value.
 *
 * A worker reserves before it writes: it moves `taken`, and writes what is before it only once the bucket has that. So of
 * a worker that is gone nothing is uncertain but what it had reserved and not told as done. That stays its own, in
 * `left`, because only its own output says which of it is there; what is behind goes on elsewhere. Every message is
 * therefore one worker's for good: a message at or before `taken` is the holder's if it is behind `done`, the worker's
 * of the range of `left` it is in, or written out.
 */

/** Messages that are a worker's to write, which does not hold the partition any more. Both ends are stream sequences and included. */
export interface LeftRange {
  readonly worker: string;
  readonly from: number;
  readonly to: number;
}

/** A process that works under a worker's name. */
export interface WorkerRun {
  readonly worker: string;
  /** Random: no other process has it. */
  readonly run: string;
}

export interface WorkLedger {
  /** The worker that goes on behind `taken`; undefined where it is anybody's. */
  readonly holder?: string;
  /** Of the holder's process: one of the same name, in a copy of its folder, has another. */
  readonly run?: string;
  /** Grows with each taking: a holder of an earlier term is none. */
  readonly term: number;
  /** Grows where the holder has nothing else to say: it is alive. */
  readonly beat: number;
  /** Messages up to this stream sequence are given to a worker. */
  readonly taken: number;
  /** Up to here they are durable in an output, or in `left`. Never more than `taken`. */
  readonly done: number;
  /** In the order they were left. */
  readonly left: readonly LeftRange[];
}

/** A partition nobody has worked on, whose first message has this stream sequence. */
export const newLedger = (first: number): WorkLedger => ({
  term: 0,
  beat: 0,
  taken: first - 1,
  done: first - 1,
  left: [],
});

/**
 * The worker holds the partition. What the holder before it reserved and did not finish is left to that one; its own it
 * still has to finish, behind `done`. Not to be asked for a worker with ranges in `left`: its output would be out of order.
 */
export function take(ledger: WorkLedger, { worker, run }: WorkerRun): WorkLedger {
  const { left } = ledger;
  if (left.some((range) => range.worker === worker))
    throw new Error(`${worker} has ranges left, which come first`);
  const free = ledger.holder === worker ? ledger : release(ledger);
  return { ...free, holder: worker, run, term: ledger.term + 1 };
}

/** True for the holder of this term. */
export const isHeldBy = (ledger: WorkLedger, { worker, run }: WorkerRun, term: number): boolean =>
  ledger.holder === worker && ledger.run === run && ledger.term === term;

/** Its holder may write messages up to `to`; it has written those up to `done`. */
export function reserve(ledger: WorkLedger, to: number, done: number): WorkLedger {
  return { ...tell(ledger, done), taken: Math.max(ledger.taken, to) };
}

/** Its holder is alive, and has written messages up to `done`. */
export const tell = (ledger: WorkLedger, done: number): WorkLedger => ({
  ...ledger,
  beat: ledger.beat + 1,
  done: Math.max(ledger.done, Math.min(done, ledger.taken)),
});

/** Nobody holds it. What the holder has not done is left to it. */
export function release({ holder, term, beat, taken, done, left }: WorkLedger): WorkLedger {
  const free = { term, beat, taken, done: taken };
  if (holder === undefined || done === taken) return { ...free, left };
  return { ...free, left: [...left, { worker: holder, from: done + 1, to: taken }] };
}

/** The worker has written what was left to it, up to `done`. */
export function finish(ledger: WorkLedger, worker: string, done: number): WorkLedger {
  const left = ledger.left
    .filter((range) => range.worker !== worker || range.to > done)
    .map((range) => (range.worker === worker ? { ...range, from: Math.max(range.from, done + 1) } : range));
  return { ...ledger, left };
}

/** What the worker has to finish before it may hold the partition, oldest first. */
export const leftTo = ({ left }: WorkLedger, worker: string): readonly LeftRange[] =>
  left.filter((range) => range.worker === worker).toSorted((a, b) => a.from - b.from);

/** The last stream sequence that is in an output, with all before it: nobody of this group asks for them again. */
export const writtenOut = ({ done, left }: WorkLedger): number =>
  left.reduce((least, { from }) => Math.min(least, from - 1), done);

/** The value as the bucket has it. */
export const encodeLedger = (ledger: WorkLedger): string => JSON.stringify(ledger);

/** Reads a value of the bucket. Throws Error where it is no ledger. */
export function decodeLedger(text: string): WorkLedger {
  const ledger = parse(text) as Partial<WorkLedger> | undefined;
  const { holder, run, term, beat, taken, done, left } = ledger ?? {};
  const areNumbers = [term, beat, taken, done].every(isCount);
  const areNames = [holder, run].every((name) => name === undefined || typeof name === 'string');
  const isSound = areNumbers && areNames && (done ?? 0) <= (taken ?? 0);
  if (!isSound || !Array.isArray(left) || !left.every(isRange))
    throw new Error(`it is no ledger of work: ${text.slice(0, 200)}`);
  return ledger as WorkLedger;
}

function parse(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;

function isRange(value: unknown): boolean {
  const { worker, from, to } = (value ?? {}) as Partial<LeftRange>;
  return typeof worker === 'string' && isCount(from) && isCount(to) && (from ?? 0) <= (to ?? 0);
}
