import pidusage from 'pidusage';
import type { Logger } from '../base/logger.ts';

export interface LevelBounds {
  readonly min: number;
  readonly max: number;
}

/** Percent of one core at which the process counts as busy, and below which as idle; in between the level stays. */
export const BUSY_PERCENT = 75;
export const IDLE_PERCENT = 40;

/**
 * The level after a reading of `cpuPercent` (of one core). Busy goes down at once, as a backlog is growing; idle goes up
 * a step at a time, so that the level settles where the CPU is between the two marks instead of swinging. One that is
 * behind is busy, whatever it reads: on a machine where others take the CPU it gets little, and looks idle.
 */
export function nextLevel(
  level: number,
  { cpuPercent, isBehind = false }: { readonly cpuPercent: number; readonly isBehind?: boolean },
  { min, max }: LevelBounds,
): number {
  if (isBehind || cpuPercent >= BUSY_PERCENT) return min;
  if (cpuPercent <= IDLE_PERCENT) return Math.min(max, level + 1);
  return Math.max(min, Math.min(max, level));
}

export interface LevelControllerOptions {
  readonly bounds: LevelBounds;
  readonly start: number;
  readonly checkIntervalMs: number;
  readonly log: Logger;
  /** Percent of one core that this process has used since the last call. */
  readonly readCpu?: () => Promise<number>;
}

/** The first look comes early: a short run should not pass at a level it never chose. */
const FIRST_LOOK_MS = 250;

/** pidusage forgets after a minute, unless told to wait for longer: as long as ADAPTIVE_CHECK_INTERVAL may be, and more. */
const REMEMBERED_MS = 2 * 3600 * 1000;

/** Reads what this process has used since the last reading, the first time since now: pidusage itself answers 0 to that. */
export function cpuReader(): () => Promise<number> {
  const read = async (): Promise<number> => (await pidusage(process.pid, { maxage: REMEMBERED_MS })).cpu;
  const begun = read().catch(() => undefined);
  return async () => {
    await begun;
    return read();
  };
}

/** Moves the compression level with the CPU. `stop` ends it. */
export class LevelController {
  readonly #options: LevelControllerOptions;
  readonly #readCpu: () => Promise<number>;
  #level: number;
  #changes = 0;
  #timer: NodeJS.Timeout | undefined;
  #isBehind: () => boolean = () => false;

  constructor(options: LevelControllerOptions) {
    this.#options = options;
    this.#readCpu = options.readCpu ?? cpuReader();
    this.#level = Math.max(options.bounds.min, Math.min(options.bounds.max, options.start));
    this.#lookIn(Math.min(FIRST_LOOK_MS, options.checkIntervalMs));
  }

  /** How often the level moved. */
  get changes(): number {
    return this.#changes;
  }

  get level(): number {
    return this.#level;
  }

  /** From now on `isBehind` is asked too: whether compression has kept entries waiting since it was last asked. */
  watch(isBehind: () => boolean): void {
    this.#isBehind = isBehind;
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #lookIn(ms: number): void {
    this.#timer = setTimeout(() => void this.#look(), ms).unref();
  }

  async #look(): Promise<void> {
    const { bounds, checkIntervalMs, log } = this.#options;
    try {
      const cpu = await this.#readCpu();
      const isBehind = this.#isBehind();
      const level = nextLevel(this.#level, { cpuPercent: cpu, isBehind }, bounds);
      if (level !== this.#level) {
        log.info(
          { from: this.#level, to: level, cpu: Math.round(cpu) },
          `compression level ${this.#level} -> ${level} (CPU ${Math.round(cpu)} %${isBehind ? ', behind' : ''})`,
        );
        this.#level = level;
        this.#changes += 1;
      }
    } catch (error) {
      log.warn({ err: error }, 'the CPU could not be read; the compression level stays');
    }
    if (this.#timer !== undefined) this.#lookIn(checkIntervalMs);
  }
}
