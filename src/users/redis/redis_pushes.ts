/**
 * Pushes entries to their lists: what is added in one tick goes as one transaction, so that each add is there whole or
 * not at all. With it goes the transaction's number; when a connection is lost before the answer, that tells what had come
 * through, and the rest is sent again.
 */
import { randomUUID } from 'node:crypto';
import { BufferUnavailable, type UserEntry } from '../user_buffer.ts';
import { keyOf } from './list_key.ts';
import { errorCodeOf, type RedisArgument, type RedisLink } from './redis_link.ts';

export interface RedisPushesOptions {
  readonly link: RedisLink;
  /** A list to which nothing was pushed for so long is deleted by Redis, drained or not; 0: never. */
  readonly keyExpirationSeconds: number;
  /** How long it may take to find out what became of entries when a connection was lost. */
  readonly patienceMs?: number;
}

/** A tick of more is sent in several transactions: Redis works on one while the next gathers, and the first are answered meanwhile. */
const MAX_TICK_BYTES = 256 * 1024;

/** Past so many bytes without an answer nothing is taken. */
const MAX_UNANSWERED_BYTES = 128 * 1024 * 1024;

const PATIENCE_MS = 2000;
const MARK_SECONDS = '86400';

/** What is pushed to the list of a user's day. */
interface Push {
  readonly key: RedisArgument;
  readonly lines: string[];
}

/** The adds of a tick. */
interface Tick {
  /** By day and user: to put the two together for each entry would take longer than all else here. */
  readonly pushesOf: Map<number, Map<string, Push>>;
  readonly pushes: Push[];
  /** Each with the push of each of its entries. */
  readonly adds: { readonly pushes: readonly Push[]; readonly settled: PromiseWithResolvers<void> }[];
  bytes: number;
}

export class RedisPushes {
  readonly #options: RedisPushesOptions;
  #tick: Tick | undefined;
  #unansweredBytes = 0;
  #run = newRun();

  constructor(options: RedisPushesOptions) {
    this.#options = options;
  }

  /** Settles once all are in their lists. Rejects with BufferUnavailable. */
  async add(entries: readonly UserEntry[]): Promise<void> {
    const { link } = this.#options;
    link.expectReady();
    if (this.#unansweredBytes > MAX_UNANSWERED_BYTES) throw new BufferUnavailable('Redis is behind');
    if (entries.length === 0) return;
    if (this.#tick !== undefined && this.#tick.bytes > MAX_TICK_BYTES) this.#flush(this.#tick);
    const tick = (this.#tick ??= this.#begin());
    const pushes = entries.map((entry) => put(tick, entry));
    const settled = Promise.withResolvers<void>();
    tick.adds.push({ pushes, settled });
    await settled.promise;
  }

  #begin(): Tick {
    const tick: Tick = { pushesOf: new Map(), pushes: [], adds: [], bytes: 0 };
    setImmediate(() => this.#flush(tick));
    return tick;
  }

  #flush(tick: Tick): void {
    if (this.#tick !== tick) return;
    this.#tick = undefined;
    this.#unansweredBytes += tick.bytes;
    void this.#push(tick).finally(() => (this.#unansweredBytes -= tick.bytes));
  }

  /** Settles all adds of a tick. */
  async #push(tick: Tick): Promise<void> {
    try {
      settle(tick, await this.#sendUntilKnown(tick));
    } catch (error) {
      for (const { settled } of tick.adds) settled.reject(error);
    }
  }

  async #sendUntilKnown(tick: Tick): Promise<ReadonlyMap<Push, Error>> {
    const { patienceMs = PATIENCE_MS } = this.#options;
    let deadline: number | undefined;
    for (;;) {
      const run = this.#run;
      run.sent += 1;
      const number = run.sent;
      try {
        return await this.#send(tick, run.key, number);
      } catch (error) {
        if (!(error instanceof BufferUnavailable) || (!error.isUncertain && deadline === undefined))
          throw error;
        if (this.#run === run) this.#run = newRun();
        deadline ??= performance.now() + patienceMs;
        run.known ??= this.#whatCameThrough(run.key, deadline - performance.now());
        const known = await run.known;
        if (known === undefined || performance.now() > deadline) throw error;
        if (number <= known) return new Map();
      }
    }
  }

  /** Those that were not taken. */
  async #send({ pushes }: Tick, runKey: string, number: number): Promise<ReadonlyMap<Push, Error>> {
    const { link, keyExpirationSeconds: seconds } = this.#options;
    const commands = pushes.map(({ key, lines }) => ['RPUSH', key, ...lines]);
    const expiries = seconds > 0 ? pushes.map(({ key }) => ['EXPIRE', key, String(seconds)]) : [];
    const mark = ['SET', runKey, String(number), 'EX', MARK_SECONDS];
    const replies = await link.transaction([...commands, ...expiries, mark]);
    const refused = new Map<Push, Error>();
    for (const [index, push] of pushes.entries()) {
      const reply = replies[index];
      if (reply instanceof Error) refused.set(push, reply);
    }
    return refused;
  }

  /** The last number of a run that Redis has taken: certain, as the lost connection is ended on its side too. Undefined where it can't be told. */
  async #whatCameThrough(runKey: string, withinMs: number): Promise<number | undefined> {
    const { link } = this.#options;
    try {
      await link.ready(withinMs);
      await link.endOtherConnections();
      const reply = (await link.call(['GET', runKey])) as Buffer | null;
      return Number(reply?.toString() ?? 0);
    } catch (error) {
      if (error instanceof BufferUnavailable) return undefined;
      throw error;
    }
  }
}

/** Transactions between two losses of the connection, numbered from 1. */
interface Run {
  readonly key: string;
  sent: number;
  /** The last that came through; undefined where that can't be told. */
  known?: Promise<number | undefined>;
}

const newRun = (): Run => ({ key: `logs:pushed:${randomUUID()}`, sent: 0 });

/** The answer is the push it is part of. */
function put(tick: Tick, { userId, day, line }: UserEntry): Push {
  let ofDay = tick.pushesOf.get(day);
  if (ofDay === undefined) tick.pushesOf.set(day, (ofDay = new Map<string, Push>()));
  let push = ofDay.get(userId);
  if (push === undefined) {
    push = { key: keyOf({ userId, day }), lines: [] };
    ofDay.set(userId, push);
    tick.pushes.push(push);
  }
  push.lines.push(line.toString('utf8', 0, line.length - 1));
  tick.bytes += line.length;
  return push;
}

function settle({ adds }: Tick, refused: ReadonlyMap<Push, Error>): void {
  for (const { pushes, settled } of adds) {
    const error = refused.size === 0 ? undefined : pushes.map((push) => refused.get(push)).find(Boolean);
    if (error === undefined) settled.resolve();
    else settled.reject(refusal(error, new Set(pushes).size > 1));
  }
}

/** A key that holds something else than a list: what went to other keys is there. */
function refusal(error: Error, isUncertain: boolean): BufferUnavailable {
  const options = { cause: error, isUncertain, retryAfterSeconds: 60 };
  return new BufferUnavailable(`Redis refuses (${errorCodeOf(error) ?? ''}): ${error.message}`, options);
}
