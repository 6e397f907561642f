/** The receiver's figures as the page is told them. */
import type { Live, LiveFigures, LiveSeries } from '../monitor/live.ts';

/** Rows that are shown; the busiest are. */
const MAX_SHIPPERS = 50;

/** What the page is told each second: everything but the past. */
export interface DashboardFigures extends LiveFigures {
  /** Pages that are open. */
  readonly viewers: number;
  /** How many shippers there are; `shippers` has the busiest. */
  readonly shipperCount: number;
  /** The last second that is over: its end, and what happened in it. */
  readonly second: { readonly untilMs: number } & Readonly<Record<LiveSeries, number>>;
}

export function figuresOf(live: Live, viewers: number): DashboardFigures {
  const { figures } = live;
  const { untilMs, perSecond } = live.history(1);
  const last = (name: LiveSeries): number => perSecond[name].at(-1) ?? 0;
  return {
    ...figures,
    viewers,
    shipperCount: figures.shippers.length,
    shippers: figures.shippers.slice(0, MAX_SHIPPERS),
    second: {
      untilMs,
      logs: last('logs'),
      bytesIn: last('bytesIn'),
      archivedBytes: last('archivedBytes'),
      acks: last('acks'),
    },
  };
}

/** The last hour, second by second. */
export function historyOf(live: Live): object {
  const { untilMs, perSecond } = live.history(3600);
  return { untilMs, logs: perSecond.logs, bytesIn: perSecond.bytesIn };
}
