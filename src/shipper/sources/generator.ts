/** `generate`: entries made up at a steady rate, or as fast as possible. The same seed makes the same ones, but for their times. */
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import { seededRandom } from '../random.ts';
import type { Chunk, Source } from '../source.ts';

export interface GeneratorOptions {
  /** Entries a second; 0 for no limit. */
  readonly rate: number;
  /** 0 for no end. */
  readonly runTimeMs: number;
  readonly seed: number;
  /** Milliseconds since 1970, for the entries. */
  readonly now: () => number;
}

/** No entry is longer. */
const ENTRY_BYTES = 256;

/** Made at most at a time. */
const CHUNK_ENTRIES = 256;

/** A steady rate is kept by making what is due this often. */
const TICK_MS = 20;

const LEVELS = weighted({ INFO: 76, DEBUG: 12, WARN: 8, ERROR: 4 });
const SERVICES = ['api', 'auth', 'billing', 'catalog', 'orders', 'payments', 'search', 'worker'];
const MESSAGES = [
  'request served',
  'login succeeded',
  'login failed',
  'order placed',
  'payment approved',
  'payment declined',
  'cache missed',
  'query was slow',
  'message queued',
  'session expired',
];

export function generator(options: GeneratorOptions): Source {
  return {
    name: 'generate',
    canReread: false,
    read(_from, signal, maxChunkBytes) {
      const atOnce = Math.max(1, Math.min(CHUNK_ENTRIES, Math.floor(maxChunkBytes / ENTRY_BYTES)));
      return options.rate === 0 ? unlimited(options, signal, atOnce) : steady(options, signal, atOnce);
    },
  };
}

async function* unlimited(
  { runTimeMs, seed, now }: GeneratorOptions,
  signal: AbortSignal,
  atOnce: number,
): AsyncGenerator<Chunk> {
  const make = maker(seed, now);
  const end = endOf(runTimeMs);
  while (!signal.aborted && performance.now() < end) {
    yield make(atOnce);
    await nextTurn();
  }
}

async function* steady(
  { rate, runTimeMs, seed, now }: GeneratorOptions,
  signal: AbortSignal,
  atOnce: number,
): AsyncGenerator<Chunk> {
  const make = maker(seed, now);
  const start = performance.now();
  const end = endOf(runTimeMs);
  let made = 0;
  while (!signal.aborted) {
    const at = Math.min(performance.now(), end);
    const due = Math.floor(((at - start) / 1000) * rate);
    for (; made < due && !signal.aborted; made += Math.min(due - made, atOnce))
      yield make(Math.min(due - made, atOnce));
    if (at >= end) return;
    await delay(Math.max(1, Math.min(TICK_MS, end - at)), undefined, { signal }).catch(() => undefined);
  }
}

const endOf = (runTimeMs: number): number => (runTimeMs === 0 ? Infinity : performance.now() + runTimeMs);

/** Makes chunks of entries; each value in them is safe to print into JSON as it is. */
function maker(seed: number, now: () => number): (count: number) => Chunk {
  const random = seededRandom(seed);
  const below = (bound: number): number => Math.floor(random() * bound);
  const pick = <T>(choices: readonly T[]): T => choices[below(choices.length)] as T;
  let number = 0;
  return (count) => {
    const timestamp = new Date(now()).toISOString();
    let text = '';
    for (let made = 0; made < count; made += 1) {
      number += 1;
      text += `{"timestamp":"${timestamp}","level":"${pick(LEVELS)}","service":"${pick(SERVICES)}","message":"${pick(MESSAGES)}","user_id":"u${below(100_000)}","ms":${below(2000)},"n":${number}}\n`;
    }
    return { lines: { bytes: Buffer.from(text), count }, positions: {} };
  };
}

function weighted(weights: Readonly<Record<string, number>>): string[] {
  return Object.entries(weights).flatMap(([name, weight]) => Array<string>(weight).fill(name));
}
