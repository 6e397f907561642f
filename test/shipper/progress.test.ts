import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { noCounts } from '../../src/shipper/counts.ts';
import { showProgress, type Processed } from '../../src/shipper/progress.ts';
import { collectLogs } from '../helpers/logs.ts';

const CLEARED = '\r\x1b[2K';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A shipper that is shown on a terminal so wide, or where there is none. */
function shown(columns: number | undefined, processed?: Processed) {
  const written: string[] = [];
  const terminal = { isTTY: columns !== undefined, columns, write: (text: string) => written.push(text) };
  const shipper = { counts: noCounts(), level: 6, mode: 'acked' as const, isConnected: true };
  const logs = collectLogs();
  const progress = showProgress(shipper, logs.log, terminal as unknown as NodeJS.WriteStream, processed);
  return { written, shipper, logs, progress };
}

/** Another 1000 entries a second are acknowledged, and 500 wait. */
function ship({ shipper: { counts } }: ReturnType<typeof shown>, seconds: number): void {
  for (let quarter = 0; quarter < seconds * 4; quarter += 1) {
    counts.acknowledged += 250;
    Object.assign(counts, { read: counts.acknowledged + 500, rawBytes: 7060, wireBytes: 1000 });
    vi.advanceTimersByTime(250);
  }
}

describe('on a terminal', () => {
  test('a line moves: rate, acknowledged, backlog, ratio and level', () => {
    const run = shown(100);
    ship(run, 2);
    expect(run.written).toHaveLength(8);
    expect(run.written.at(-1)).toBe(
      `${CLEARED}1,000/s · 2,000 acknowledged · backlog 500 · ratio 7.06 · level 6`,
    );
    expect(run.logs.lines).toEqual([]);
  });

  test('it begins with what is wrong, and is never wider than the terminal', () => {
    const run = shown(24);
    run.shipper.isConnected = false;
    ship(run, 1);
    expect(run.written.at(-1)).toBe(`${CLEARED}NOT CONNECTED · 1,000/s`);
  });

  test('what is done to entries stands behind', () => {
    const run = shown(120, { figures: () => ({}), words: () => ' · filtered 7' });
    ship(run, 1);
    expect(run.written.at(-1)).toMatch(/ · level 6 · filtered 7$/);
  });

  test('it is taken away for what else is printed, and at the end', () => {
    const { written, progress } = shown(100);
    progress.clear();
    progress.stop();
    vi.advanceTimersByTime(1000);
    expect(written).toEqual([CLEARED, CLEARED]);
  });
});

test('elsewhere a log line says the same every five seconds, and nothing is written beside it', () => {
  const run = shown(undefined);
  ship(run, 10);
  run.progress.stop();
  expect(run.written).toEqual([]);
  expect(run.logs.lines).toMatchObject([
    { msg: 'progress', acknowledged: 5000, entriesPerSecond: 1000 },
    {
      ...{ msg: 'progress', acknowledged: 10_000, inFlight: 500, entriesPerSecond: 1000 },
      ...{ ratio: 7.06, compressionLevel: 6, mode: 'acked' },
    },
  ]);
});
