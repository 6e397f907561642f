/** `generate`: what happens in a shop that is not there, at a rate or as fast as possible. The same seed makes the same entries, but for their times. */
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import type { Chunk, Source } from '../../source.ts';
import type { FormatName } from './formats.ts';
import { LineWriter } from './line_writer.ts';
import { Schedule, type Pattern } from './schedule.ts';

export interface GeneratorOptions {
  /** Entries a second; 0 for no limit. */
  readonly rate: number;
  /** 0 for no end. */
  readonly runTimeMs: number;
  readonly seed: number;
  /** Milliseconds since 1970, for the entries. */
  readonly now: () => number;
  /** In place of the run time: so many entries. */
  readonly count?: number | undefined;
  /**
   * In place of `now`: the time of the start, in milliseconds since 1970. The clock is then one of its own: rate, pattern and
   * run time go by it, and entries are made as fast as they are taken.
   */
  readonly startMs?: number | undefined;
  /** Without a limit there is none. */
  readonly pattern?: Pattern;
  readonly format?: FormatName;
  /** True for lines as they are; else a line that is no JSON is the `message` of an entry. */
  readonly isRaw?: boolean;
  /** How many there are. */
  readonly users?: number;
  /** Open at a time. */
  readonly sessions?: number;
  /** Of the steps that can go wrong, the part that does. */
  readonly errorRate?: number;
}

/** Made at most at a time. */
const CHUNK_BYTES = 1024 * 1024;

/** A rate is kept by making what is due this often. */
const TICK_MS = 20;

/** The rate of a clock of its own where no rate is given. */
const UNLIMITED_RATE = 1000;

/** Off by more, the clock was set, or the machine slept. */
const CLOCK_TOLERANCE_MS = 1000;

/** What is left to do. */
interface Run {
  readonly options: GeneratorOptions;
  readonly lines: LineWriter;
  readonly signal: AbortSignal;
  readonly runTimeMs: number;
  left: number;
}

export function generator(options: GeneratorOptions): Source {
  const { count, runTimeMs, startMs, rate } = options;
  return {
    name: 'generate',
    canReread: false,
    read(_from, signal, maxChunkBytes) {
      const lines = new LineWriter(
        { format: 'json', isRaw: false, users: 10_000, sessions: 50, errorRate: 0.1, ...options },
        Math.min(maxChunkBytes, CHUNK_BYTES),
      );
      const hasEnd = count === undefined && runTimeMs > 0;
      const run = {
        options,
        lines,
        signal,
        runTimeMs: hasEnd ? runTimeMs : Infinity,
        left: count ?? Infinity,
      };
      if (startMs !== undefined) return simulated(run, startMs);
      return rate === 0 ? unlimited(run) : paced(run);
    },
  };
}

async function* unlimited(run: Run): AsyncGenerator<Chunk> {
  const { options, lines, signal, runTimeMs } = run;
  const end = performance.now() + runTimeMs;
  while (run.left > 0 && !signal.aborted && performance.now() < end) {
    const now = options.now();
    for (; run.left > 0 && lines.hasRoom; run.left -= 1) lines.write(now);
    yield lines.take();
    await nextTurn();
  }
}

async function* paced(run: Run): AsyncGenerator<Chunk> {
  const { options, signal, runTimeMs } = run;
  const { now, rate, pattern = { kind: 'steady' } } = options;
  const start = performance.now();
  let startMs = now();
  const schedule = new Schedule(pattern, rate, startMs);
  while (run.left > 0 && !signal.aborted) {
    const elapsed = Math.min(performance.now() - start, runTimeMs);
    if (Math.abs(now() - elapsed - startMs) > CLOCK_TOLERANCE_MS) startMs = now() - elapsed;
    while (run.left > 0 && !signal.aborted && schedule.nextMs <= elapsed)
      yield dueUntil(elapsed, run, schedule, startMs);
    if (elapsed >= runTimeMs) return;
    const wait = Math.max(1, Math.min(TICK_MS, runTimeMs - elapsed));
    await delay(wait, undefined, { signal }).catch(() => undefined);
  }
}

async function* simulated(run: Run, startMs: number): AsyncGenerator<Chunk> {
  const { options, signal, runTimeMs } = run;
  const { rate, pattern = { kind: 'steady' } } = options;
  const schedule = new Schedule(pattern, rate === 0 ? UNLIMITED_RATE : rate, startMs);
  while (run.left > 0 && !signal.aborted && schedule.nextMs <= runTimeMs) {
    yield dueUntil(runTimeMs, run, schedule, startMs);
    await nextTurn();
  }
}

/** A chunk of what is due until then. */
function dueUntil(ms: number, run: Run, schedule: Schedule, startMs: number): Chunk {
  const { lines } = run;
  for (; run.left > 0 && lines.hasRoom && schedule.nextMs <= ms; run.left -= 1)
    lines.write(startMs + schedule.take());
  return lines.take();
}
