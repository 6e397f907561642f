/** What the options on generated entries say, as the generator takes it. */
import type { Settings } from './options.ts';

export function generatorOptions(settings: Settings) {
  const { LOG_RATE, RUN_TIME, SEED, GENERATE_COUNT, GENERATE_START, GENERATE_FORMAT } = settings;
  return {
    rate: LOG_RATE,
    runTimeMs: RUN_TIME * 1000,
    seed: SEED,
    now: Date.now,
    count: GENERATE_COUNT === 0 ? undefined : GENERATE_COUNT,
    startMs: GENERATE_START,
    format: GENERATE_FORMAT,
    pattern: patternOf(settings),
    users: settings.GENERATE_USERS,
    sessions: settings.GENERATE_SESSIONS,
    errorRate: settings.GENERATE_ERROR_RATE,
  };
}

function patternOf({ GENERATE_PATTERN: kind, BURST_EVERY, BURST_FOR, BURST_RATE: rate }: Settings) {
  return kind === 'burst' ? { kind, everyMs: BURST_EVERY * 1000, forMs: BURST_FOR * 1000, rate } : { kind };
}
