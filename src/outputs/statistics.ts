/**
 * The output `stats`: counts instead of entries, in `DATA_DIR/statistics.json`. Counts and position are one file that is
 * replaced as a whole, so that after a crash nothing is counted twice, and nothing not at all.
 */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomically } from '../base/atomic_file.ts';
import { Counts, type CountsState } from './counts.ts';
import { stateFolder, type FollowerState, type Output, type OutputPlan, type Rows } from './output.ts';

export const STATISTICS_FILE = 'statistics.json';

/** Statistics as they are shown. */
export interface Statistics {
  readonly total: number;
  /** Lines of the archive that are no JSON. */
  readonly parseErrors: number;
  readonly levels: Readonly<Record<string, number>>;
  readonly tags: Readonly<Record<string, number>>;
  readonly services: Readonly<Record<string, number>>;
  /** By shipper id. */
  readonly sources: Readonly<Record<string, number>>;
  /** Entries received a second, in the last second, ten seconds and minute that are counted in. */
  readonly logsPerSecond: { readonly '1s': number; readonly '10s': number; readonly '1m': number };
  /** ISO 8601: everything saved in the archive shortly before is counted in. */
  readonly asOf: string;
}

interface Saved {
  readonly state: FollowerState;
  readonly counts: CountsState;
  readonly asOfMs: number;
}

/** Counting and saving take a while: the last second that is looked at is over since this long. */
const SETTLED_MS = 1000;

export function statisticsOutput({ folder }: { readonly folder: string }): OutputPlan {
  const file = join(folder, STATISTICS_FILE);
  return {
    name: 'stats',
    file,
    lockFolder: stateFolder(file),
    open: async () => new StatisticsOutput(file, await readSaved(file)),
    reset: () => rm(file, { force: true }),
  };
}

/** The statistics of the archive in `folder`, their rates as of `nowMs`; undefined where nobody keeps any. */
export async function readStatistics(folder: string, nowMs: number): Promise<Statistics | undefined> {
  const saved = await readSaved(join(folder, STATISTICS_FILE));
  if (saved === undefined) return undefined;
  const { counts, state, asOfMs } = saved;
  const rate = (seconds: number): number => ratePerSecond(counts.seconds, nowMs - SETTLED_MS, seconds);
  return {
    total: counts.total,
    parseErrors: state.malformed,
    levels: byCount(counts.levels),
    tags: byCount(counts.tags),
    services: byCount(counts.services),
    sources: byCount(counts.sources),
    logsPerSecond: { '1s': rate(1), '10s': rate(10), '1m': rate(60) },
    asOf: new Date(asOfMs).toISOString(),
  };
}

class StatisticsOutput implements Output {
  readonly saved: FollowerState | undefined;
  readonly #file: string;
  readonly #counts: Counts;

  constructor(file: string, saved: Saved | undefined) {
    this.#file = file;
    this.saved = saved?.state;
    this.#counts = new Counts(saved?.counts);
  }

  write(rows: Rows): void {
    this.#counts.add(rows);
  }

  async save(state: FollowerState): Promise<void> {
    const saved: Saved = { state, counts: this.#counts.state, asOfMs: Date.now() };
    await writeFileAtomically(this.#file, `${JSON.stringify(saved)}\n`);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

async function readSaved(file: string): Promise<Saved | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Saved;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Over the whole seconds that end at or before `untilMs`. */
function ratePerSecond(seconds: CountsState['seconds'], untilMs: number, length: number): number {
  const end = Math.floor(untilMs / 1000);
  let entries = 0;
  for (const [second, count] of seconds) if (second >= end - length && second < end) entries += count;
  return Math.round((entries / length) * 10) / 10;
}

/** The most frequent first. Names are whatever a peer likes, also `__proto__`. */
const byCount = (counts: CountsState['levels']): Record<string, number> =>
  Object.fromEntries(counts.toSorted(([, a], [, b]) => b - a));
