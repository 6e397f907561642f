/** The receiver's figures as the page is told them. */
import type { Live, LiveFigures, LiveSeries, LiveShipper } from '../monitor/live.ts';

/** Rows that are shown; the busiest are. */
const MAX_SHIPPERS = 50;

/** What the page is told each second: everything but the past. */
export interface DashboardFigures extends LiveFigures {
  /** The busiest first. */
  readonly shippers: readonly (LiveShipper & { readonly isGone: boolean })[];
  /** Pages that are open. */
  readonly viewers: number;
  /** How many shippers there are; `shippers` has the busiest. */
  readonly shipperCount: number;
  /** Of all of them. */
  readonly connectedShippers: number;
  readonly goneShippers: number;
  /** The last second that is over: its end, and what happened in it. */
  readonly second: { readonly untilMs: number } & Readonly<Record<LiveSeries, number>>;
}

/** What plain peers, HTTP and Thrift bring has an id of the receiver's own, and no connection. */
const isGone = ({ id, connections }: LiveShipper): boolean => connections === 0 && !/^[@(]/.test(id);

export function figuresOf(live: Live, viewers: number): DashboardFigures {
  const { figures } = live;
  const { untilMs, perSecond } = live.history(1);
  const last = (name: LiveSeries): number => perSecond[name].at(-1) ?? 0;
  return {
    ...figures,
    viewers,
    shipperCount: figures.shippers.length,
    connectedShippers: figures.shippers.filter(({ connections }) => connections > 0).length,
    goneShippers: figures.shippers.filter(isGone).length,
    shippers: figures.shippers.slice(0, MAX_SHIPPERS).map((one) => ({ ...one, isGone: isGone(one) })),
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
