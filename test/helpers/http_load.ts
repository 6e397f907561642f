/** Events over real sockets, each with a number of its own, and what became of each. */
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import autocannon from 'autocannon';
import { idOfFolderName } from '../../src/users/file_name.ts';
import { dayOf } from '../../src/users/user_buffer.ts';

export interface LoadWish {
  readonly url: string;
  /** So many; with a signal it goes on until that aborts, if that is sooner. */
  readonly requests: number;
  readonly signal?: AbortSignal;
  /** In a request; more than one go as an array. */
  readonly eventsEach?: number;
  /** Of the first event. */
  readonly from?: number;
}

const CONNECTIONS = 20;
const USERS = 100;

/** What became of a load, also while it lasts. */
export class Load {
  /** Numbers of events that were answered with 200. */
  readonly kept = new Set<number>();
  /** How often each other status was answered. */
  readonly refused = new Map<number, number>();
  /** The number of the next event. */
  next: number;
  p99Ms = 0;
  requestsPerSecond = 0;
  /** Settles when it is over. */
  readonly done: Promise<void>;

  constructor(wish: LoadWish) {
    this.next = wish.from ?? 0;
    this.done = this.#run(wish);
  }

  async #run({ url, requests, signal, eventsEach = 1 }: LoadWish): Promise<void> {
    const running = autocannon({
      url,
      connections: CONNECTIONS,
      amount: requests,
      timeout: 60,
      requests: [
        {
          method: 'POST',
          path: '/log',
          headers: { 'content-type': 'application/json' },
          setupRequest: (request, context: { first?: number }) => {
            context.first = this.next;
            const events = Array.from({ length: eventsEach }, () => eventOf(this.next++));
            return { ...request, body: JSON.stringify(eventsEach === 1 ? events[0] : events) };
          },
          onResponse: (status, _body, context: { first?: number }) => {
            if (status !== 200) this.refused.set(status, (this.refused.get(status) ?? 0) + 1);
            for (let n = 0; n < eventsEach && status === 200; n += 1) this.kept.add((context.first ?? 0) + n);
          },
        },
      ],
    });
    const stop = (): void => (running as unknown as { stop(): void }).stop();
    signal?.addEventListener('abort', stop);
    const { latency, requests: rate } = await running;
    this.p99Ms = latency.p99;
    this.requestsPerSecond = rate.average;
  }
}

const eventOf = (n: number): object => ({
  user_id: `user ${n % USERS}`,
  event: 'load',
  timestamp: 1_700_000_000 + (n % 3) * 86_400,
  n,
});

/** How often each number is in the files below a folder. Throws where one is in a file that is not its user's day. */
export async function numbersOnFile(folder: string): Promise<Map<number, number>> {
  const found = new Map<number, number>();
  for (const user of (await readdir(folder)).filter((name) => name.startsWith('user_'))) {
    for (const day of (await readdir(join(folder, user))).filter((name) => name.endsWith('.jsonl'))) {
      const text = await readFile(join(folder, user, day), 'utf8');
      for (const line of text.split('\n').slice(0, -1)) {
        const said = JSON.parse(line) as { user_id: string; timestamp: number; n: number };
        if (idOfFolderName(user) !== said.user_id || day !== `${dayOf(said.timestamp)}.jsonl`)
          throw new Error(`${line} is in ${user}/${day}`);
        found.set(said.n, (found.get(said.n) ?? 0) + 1);
      }
    }
  }
  return found;
}

/** What is wrong with the files, given what was answered: nothing, where every 200 is there, and no event twice. */
export function wrongWith(files: ReadonlyMap<number, number>, ...loads: readonly Load[]): object {
  return {
    lost: loads.flatMap(({ kept }) => [...kept]).filter((n) => !files.has(n)).length,
    doubled: [...files.values()].filter((times) => times > 1).length,
  };
}

export const NOTHING = { lost: 0, doubled: 0 };
