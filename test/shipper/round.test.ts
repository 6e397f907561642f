import { describe, expect, test } from 'vitest';
import type { Address } from '../../src/base/address.ts';
import { Round } from '../../src/shipper/round.ts';
import { ShipperError, type ShipperErrorCode } from '../../src/shipper/shipper_error.ts';
import { seededRandom } from '../../src/shipper/random.ts';

const ADDRESSES: readonly Address[] = ['a', 'b', 'c'].map((host) => ({ host, port: 5000 }));
const inOrder = (): number => 0;
const refusedFor = (code: ShipperErrorCode): ShipperError => new ShipperError(code, 'no');

/** The hosts of the next so many turns. */
const turns = (round: Round, count: number): string =>
  Array.from({ length: count }, () => {
    const { host } = round.address;
    round.next(0);
    return host;
  }).join('');

describe('turns', () => {
  test('go round, in the same order', () => {
    expect(turns(new Round(ADDRESSES, inOrder), 7)).toBe('abcabca');
  });

  test('begin anywhere, and after each the others follow in any order: all as often', () => {
    const random = seededRandom(1);
    const counts = new Map<string, number>();
    for (let n = 0; n < 6000; n += 1) {
      const order = turns(new Round(ADDRESSES, random), 3);
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect([...counts.keys()].sort()).toEqual(['abc', 'acb', 'bac', 'bca', 'cab', 'cba']);
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });

  test('with one receiver it has them all, and no random number is asked for', () => {
    const round = new Round(ADDRESSES.slice(0, 1), () => {
      throw new Error('asked');
    });
    expect(turns(round, 3)).toBe('aaa');
    expect(round.isOfOne).toBe(true);
  });
});

describe('a round is over when each has failed', () => {
  test('and the answer is the shortest time that one of them asked for', () => {
    const round = new Round(ADDRESSES, inOrder);
    expect([300, 100, 200].map((askedMs) => round.next(askedMs))).toEqual([undefined, undefined, 100]);
    expect([0, 100, 200].map((askedMs) => round.next(askedMs))).toEqual([undefined, undefined, 0]);
  });

  test('since one of them was good', () => {
    const round = new Round(ADDRESSES, inOrder);
    round.next(0);
    round.next(0);
    round.begin();
    expect([1, 2, 3].map((askedMs) => round.next(askedMs))).toEqual([undefined, undefined, 1]);
  });
});

describe('the last word', () => {
  const wordsOf = (errors: readonly Error[], addresses = ADDRESSES): (ShipperError | undefined)[] => {
    const round = new Round(addresses, inOrder);
    return errors.map((error) => {
      const word = round.lastWord(error);
      round.next(0);
      return word;
    });
  };

  test.each(['plain_receiver', 'refused', 'tls'] as const)(
    'has %s when all said so, one after the other, and it names the last of them',
    (code) => {
      const [first, second, third] = wordsOf([refusedFor(code), refusedFor(code), refusedFor(code)]);
      expect([first, second]).toEqual([undefined, undefined]);
      expect(third).toMatchObject({ code, message: 'c:5000: no' });
    },
  );

  test.each(['taken_over', 'conflict', 'too_many_sources', 'receiver_went_back'] as const)(
    'has %s at once: it is of the log that all of them share',
    (code) => {
      expect(wordsOf([refusedFor(code)])).toMatchObject([{ code, message: 'a:5000: no' }]);
    },
  );

  test('is not spoken while one of them is only away', () => {
    const away = new Error('ECONNREFUSED');
    const [no] = [refusedFor('refused')];
    expect(wordsOf([no, no, away, no, no, away, away])).toEqual(Array.from({ length: 7 }, () => undefined));
  });

  test('does not count who refused before another took the shipper', () => {
    const round = new Round(ADDRESSES.slice(0, 2), inOrder);
    expect(round.lastWord(refusedFor('refused'))).toBeUndefined();
    round.wasTaken();
    expect(round.lastWord(refusedFor('refused'))).toBeUndefined();
    expect(round.lastWord(refusedFor('refused'))).toMatchObject({ code: 'refused' });
  });

  test('of a single receiver is its own error', () => {
    const error = refusedFor('tls');
    expect(wordsOf([new Error('away'), error], ADDRESSES.slice(0, 1))).toEqual([undefined, error]);
  });
});
