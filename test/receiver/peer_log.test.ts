import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { PeerLog } from '../../src/receiver/peer_log.ts';
import { collectLogs } from '../helpers/logs.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** What was logged so far above debug: message, and how many lines it stands for. */
function heard({ lines }: ReturnType<typeof collectLogs>): [string, unknown][] {
  return lines.filter(({ level }) => level >= 30).map(({ msg, times }) => [msg, times]);
}

function peerLog() {
  const logs = collectLogs();
  return { logs, peers: new PeerLog(logs.log) };
}

describe('lines of one reason', () => {
  test('the first is logged at once, with its fields and level', () => {
    const { logs, peers } = peerLog();
    peers.say('timeout', 'error', { peer: 'a:1' }, 'too slow');
    expect(logs.lines).toMatchObject([{ level: 50, peer: 'a:1', msg: 'too slow' }]);
  });

  test('those within a second behind it become one line: the latest, and their number', () => {
    const { logs, peers } = peerLog();
    for (let n = 1; n <= 10_000; n += 1) peers.say('timeout', 'warn', { n }, `line ${n}`);
    expect(heard(logs)).toEqual([['line 1', undefined]]);
    vi.advanceTimersByTime(1000);
    expect(heard(logs)).toEqual([
      ['line 1', undefined],
      ['line 10000 (the last of 9999 such within a second)', 9999],
    ]);
    expect(logs.lines.at(-1)).toMatchObject({ level: 40, n: 10_000 });
  });

  test('a flood is a line a second, and no count is lost', () => {
    const { logs, peers } = peerLog();
    for (let ms = 0; ms < 10_000; ms += 1) {
      peers.say('timeout', 'warn', {}, 'again');
      vi.advanceTimersByTime(1);
    }
    peers.end();
    const said = heard(logs);
    expect(said.length).toBeLessThanOrEqual(11);
    expect(said.reduce((sum, [, times]) => sum + ((times as number | undefined) ?? 1), 0)).toBe(10_000);
  });

  test('one alone behind the first is logged as it is', () => {
    const { logs, peers } = peerLog();
    for (const peer of ['a', 'b']) peers.say('timeout', 'warn', { peer }, `of ${peer}`);
    vi.advanceTimersByTime(1000);
    expect(heard(logs)).toEqual([
      ['of a', undefined],
      ['of b', undefined],
    ]);
  });

  test('after a quiet second the next is logged at once again', () => {
    const { logs, peers } = peerLog();
    peers.say('timeout', 'warn', {}, 'one');
    vi.advanceTimersByTime(1001);
    peers.say('timeout', 'warn', {}, 'two');
    expect(heard(logs).map(([msg]) => msg)).toEqual(['one', 'two']);
  });

  test('at level debug each is there', () => {
    const { logs, peers } = peerLog();
    for (const n of [1, 2, 3]) peers.say('timeout', 'warn', {}, `line ${n}`);
    expect(logs.lines.map(({ level, msg }) => [level, msg])).toEqual([
      [40, 'line 1'],
      [20, 'line 2'],
      [20, 'line 3'],
    ]);
  });
});

test('another reason is not held up', () => {
  const { logs, peers } = peerLog();
  for (const reason of ['timeout', 'conflict', 'timeout']) peers.say(reason, 'warn', {}, reason);
  expect(heard(logs).map(([msg]) => msg)).toEqual(['timeout', 'conflict']);
});

test('the end says what is held, and what comes after it at once', () => {
  const { logs, peers } = peerLog();
  for (const n of [1, 2, 3]) peers.say('timeout', 'warn', {}, `line ${n}`);
  peers.end();
  peers.say('timeout', 'warn', {}, 'line 4');
  peers.end();
  vi.advanceTimersByTime(5000);
  expect(heard(logs)).toEqual([
    ['line 1', undefined],
    ['line 3 (the last of 2 such within a second)', 2],
    ['line 4', undefined],
  ]);
});
