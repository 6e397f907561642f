/** Sessions that go their ways side by side; the same seed makes the same ones. */
import { seededRandom } from '../../random.ts';
import { FIRST, STEPS, STEP_NAMES, type Choice, type Step } from './flow.ts';

export interface SessionOptions {
  readonly seed: number;
  /** How many users there are. */
  readonly users: number;
  /** How many sessions are open at a time. */
  readonly sessions: number;
  /** Of the steps that can go wrong, the part that does. */
  readonly errorRate: number;
}

/** Each service runs on so many. */
export const HOSTS = 4;

/** A session, and what has just happened in it. */
export interface Session {
  /** Index in STEP_NAMES. */
  step: number;
  ms: number;
  /** No two sessions have the same, nor two requests: 32 bits. */
  token: number;
  request: number;
  user: number;
  host: number;
}

/** The step of a session that has not begun. */
const NOT_BEGUN = -1;

export class Sessions {
  readonly #options: SessionOptions;
  readonly #random: () => number;
  readonly #open: Session[];
  #tokens = 0;
  #requests = 0;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#random = seededRandom(options.seed);
    this.#open = Array.from({ length: options.sessions }, () => ({
      ...{ step: NOT_BEGUN, ms: 0, token: 0, request: 0, user: 0, host: 0 },
    }));
  }

  /** One of the sessions, a step further. It changes with the next call. */
  next(): Session {
    const session = this.#open[this.#below(this.#open.length)] as Session;
    const { next, fails } = WAYS[session.step] ?? OUT;
    if (next === undefined) return this.#begin(session);
    const way = fails !== undefined && this.#random() < this.#options.errorRate ? fails : next;
    return this.#go(session, way);
  }

  #begin(session: Session): Session {
    const { seed, users, errorRate } = this.#options;
    session.token = scattered((this.#tokens += 1), seed);
    session.user = this.#below(users);
    session.host = this.#below(HOSTS);
    return this.#go(session, this.#random() < errorRate ? ENTRANCE.fails : ENTRANCE.next);
  }

  #go(session: Session, way: Uint8Array): Session {
    session.step = way[this.#below(way.length)] ?? 0;
    const { isSameRequest, quickest, spread } = WAYS[session.step] as Way;
    if (!isSameRequest) session.request = scattered((this.#requests += 1), ~this.#options.seed);
    const luck = this.#random();
    session.ms = quickest + Math.floor(luck * luck * spread);
    return session;
  }

  #below(bound: number): number {
    return Math.floor(this.#random() * bound);
  }
}

/** A step as it is walked: each choice is a list in which a step stands as often as it is likely. */
interface Way {
  readonly next: Uint8Array | undefined;
  readonly fails: Uint8Array | undefined;
  readonly isSameRequest: boolean;
  readonly quickest: number;
  readonly spread: number;
}

const WAYS = STEP_NAMES.map((name): Way => {
  const { next, fails, isSameRequest = false, ms }: Step = STEPS[name];
  const hasNext = Object.keys(next).length > 0;
  return {
    next: hasNext ? listOf(next) : undefined,
    fails: fails === undefined ? undefined : listOf(fails),
    isSameRequest,
    quickest: ms[0],
    spread: ms[1] - ms[0] + 1,
  };
});

/** Where a session has no next step: it has not begun. */
const OUT: Pick<Way, 'next' | 'fails'> = { next: undefined, fails: undefined };

const ENTRANCE = { next: listOf(FIRST.next), fails: listOf(FIRST.fails ?? FIRST.next) };

function listOf(choice: Choice): Uint8Array {
  const steps = STEP_NAMES.flatMap((name, step) => Array<number>(choice[name] ?? 0).fill(step));
  return Uint8Array.from(steps);
}

/** Numbers in a row, scattered over 32 bits, each to a place of its own (the finalizer of MurmurHash3, which loses nothing). */
function scattered(number: number, seed: number): number {
  let mixed = (number + Math.imul(seed, 0x9e3779b9)) >>> 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
