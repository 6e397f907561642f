/** What a person sees while a shipper runs: one line that moves on a terminal, a log line now and then elsewhere. */
import type { Logger } from '../base/logger.ts';
import { inFlight, ratio, type Counts } from './counts.ts';

export interface Watched {
  readonly counts: Counts;
  readonly level: number;
  readonly mode: 'plain' | 'acked';
  readonly isConnected: boolean;
}

const TERMINAL_EVERY_MS = 250;
const LOG_EVERY_MS = 5000;
const CLEAR_LINE = '\r\x1b[2K';

export interface Progress {
  /** Takes the moving line away, so that something else can be printed. */
  clear(): void;
  stop(): void;
}

/** Shows the progress of `shipper` until stopped. */
export function showProgress(shipper: Watched, log: Logger, terminal: NodeJS.WriteStream): Progress {
  const rate = rateOf(shipper);
  const clear = (): void => {
    if (terminal.isTTY) terminal.write(CLEAR_LINE);
  };
  const show = terminal.isTTY
    ? () => terminal.write(CLEAR_LINE + line(shipper, rate()).slice(0, (terminal.columns || 80) - 1))
    : () => log.info({ ...figures(shipper), entriesPerSecond: rate() }, 'progress');
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
export function figures({ counts, level, mode }: Watched): object {
  return { ...counts, inFlight: inFlight(counts), ratio: ratio(counts), level, mode };
}

function line(shipper: Watched, entriesPerSecond: number): string {
  const { counts, level, isConnected } = shipper;
  const state = isConnected ? '' : ' · NOT CONNECTED';
  return `${count(entriesPerSecond)}/s · ${count(counts.acknowledged)} acknowledged · backlog ${count(inFlight(counts))} · ratio ${ratio(counts)} · level ${level}${state}`;
}

const count = (value: number): string => value.toLocaleString('en-US', { maximumFractionDigits: 0 });

/** Entries acknowledged a second, since the last call. */
function rateOf({ counts }: Watched): () => number {
  let before = { acknowledged: counts.acknowledged, at: performance.now() };
  return () => {
    const now = { acknowledged: counts.acknowledged, at: performance.now() };
    const seconds = Math.max(0.001, (now.at - before.at) / 1000);
    const rate = Math.round((now.acknowledged - before.acknowledged) / seconds);
    before = now;
    return rate;
  };
}
