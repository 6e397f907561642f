/** What a person sees while a shipper runs: one line that moves on a terminal, a log line now and then elsewhere. */
import type { Logger } from '../base/logger.ts';
import { inFlight, ratio, type Counts } from './counts.ts';

export interface Watched {
  readonly counts: Counts;
  readonly level: number;
  readonly mode: 'plain' | 'acked';
  readonly isConnected: boolean;
}

/** What happens to entries before they are shipped, where anything does. */
export interface Processed {
  figures(): object;
  /** For the moving line: nothing, or what goes behind it. */
  words(): string;
}

const TERMINAL_EVERY_MS = 250;
const LOG_EVERY_MS = 5000;
const RATE_OVER_MS = 3000;
const CLEAR_LINE = '\r\x1b[2K';

export interface Progress {
  /** Takes the moving line away, so that something else can be printed. */
  clear(): void;
  stop(): void;
}

/** Shows the progress of `shipper` until stopped. */
export function showProgress(
  shipper: Watched,
  log: Logger,
  terminal: NodeJS.WriteStream,
  processed?: Processed,
): Progress {
  const rate = rateOf(shipper);
  const clear = (): void => {
    if (terminal.isTTY) terminal.write(CLEAR_LINE);
  };
  const show = terminal.isTTY
    ? () =>
        terminal.write(
          CLEAR_LINE +
            (line(shipper, rate()) + (processed?.words() ?? '')).slice(0, (terminal.columns || 80) - 1),
        )
    : () => log.info({ ...figures(shipper, processed), entriesPerSecond: rate() }, 'progress');
  const timer = setInterval(show, terminal.isTTY ? TERMINAL_EVERY_MS : LOG_EVERY_MS).unref();
  return {
    clear,
    stop() {
      clearInterval(timer);
      clear();
    },
  };
}

/** The figures of a run, for the log and the summary. */
export function figures({ counts, level, mode }: Watched, processed?: Processed): object {
  return {
    ...counts,
    ...(processed === undefined ? {} : { processed: processed.figures() }),
    inFlight: inFlight(counts),
    ratio: ratio(counts),
    compressionLevel: level,
    mode,
  };
}

function line(shipper: Watched, entriesPerSecond: number): string {
  const { counts, level, isConnected } = shipper;
  const state = isConnected ? '' : 'NOT CONNECTED · ';
  return `${state}${count(entriesPerSecond)}/s · ${count(counts.acknowledged)} acknowledged · backlog ${count(inFlight(counts))} · ratio ${ratio(counts)} · level ${level}`;
}

const count = (value: number): string => value.toLocaleString('en-US', { maximumFractionDigits: 0 });

/** Entries acknowledged a second, over the last few seconds: batches come in steps. */
function rateOf({ counts }: Watched): () => number {
  const readings = [{ acknowledged: counts.acknowledged, at: performance.now() }];
  return () => {
    const now = { acknowledged: counts.acknowledged, at: performance.now() };
    readings.push(now);
    while (readings.length > 2 && now.at - (readings[0]?.at ?? 0) > RATE_OVER_MS) readings.shift();
    const [first = now] = readings;
    return Math.round((now.acknowledged - first.acknowledged) / Math.max(0.001, (now.at - first.at) / 1000));
  };
}
