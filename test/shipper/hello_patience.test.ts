import { describe, expect, test } from 'vitest';
import { HelloPatience, NoWelcome } from '../../src/shipper/hello_patience.ts';
import { Round } from '../../src/shipper/round.ts';

const AWAY = new Error('away');
const SILENCE = new NoWelcome(100);

/** The patience with so many receivers; `judge` is told how the connection to the one whose turn it is ended, and answers the code of what that means. */
function patienceWith(count: number) {
  const addresses = Array.from({ length: count }, (_, n) => ({ host: `host-${n}`, port: 1 }));
  const round = new Round(addresses, () => 0);
  const patience = new HelloPatience(100, round);
  const judge = (error: Error): string => {
    const { code } = patience.judge(error) as Error & { code?: string };
    round.next(0);
    return code ?? 'itself';
  };
  return { patience, round, judge };
}

describe('of a single receiver', () => {
  test('each silence makes the next wait longer, and the fifth in a row is its word', () => {
    const { patience, judge } = patienceWith(1);
    const seen = [1, 2, 3, 4, 5].map(() => [patience.timeoutMs, judge(SILENCE)]);
    expect(seen).toEqual([
      [100, 'no_welcome'],
      [200, 'no_welcome'],
      [300, 'no_welcome'],
      [400, 'no_welcome'],
      [500, 'plain_receiver'],
    ]);
  });

  test('another failure begins the row anew', () => {
    const { patience, judge } = patienceWith(1);
    for (const error of [SILENCE, SILENCE, SILENCE, SILENCE, AWAY]) judge(error);
    expect(patience.timeoutMs).toBe(100);
    expect(judge(SILENCE)).toBe('no_welcome');
  });

  test('one that answered is waited for longest, for ever, and is never plain', () => {
    const { patience, judge } = patienceWith(1);
    expect(patience.mayBePlain).toBe(true);
    patience.answered();
    expect(patience.mayBePlain).toBe(false);
    for (let n = 0; n < 10; n += 1) expect([patience.timeoutMs, judge(SILENCE)]).toEqual([500, 'no_welcome']);
  });
});

describe('of several', () => {
  test('none may be plain', () => {
    expect(patienceWith(2).patience.mayBePlain).toBe(false);
  });

  test('each has a row of its own', () => {
    const { patience, round, judge } = patienceWith(2);
    const codes = Array.from({ length: 5 }, () => [judge(SILENCE), judge(AWAY)]);
    expect(codes.map(([code]) => code).slice(-2)).toEqual(['no_welcome', 'plain_receiver']);
    expect(codes.map(([, code]) => code)).toEqual(Array.from({ length: 5 }, () => 'itself'));
    expect(patience.timeoutMs).toBe(500);
    round.next(0);
    expect(patience.timeoutMs).toBe(100);
  });

  test('once one has answered, none is given up for its silence, and none is waited for longest at once', () => {
    const { patience, judge } = patienceWith(2);
    patience.answered();
    const waits = Array.from({ length: 12 }, () => {
      const { timeoutMs } = patience;
      expect(judge(SILENCE)).toBe('no_welcome');
      return timeoutMs;
    });
    expect(waits).toEqual([100, 100, 200, 200, 300, 300, 400, 400, 500, 500, 500, 500]);
  });
});
