/** What sessions do, seen from outside: these rules know nothing of the table of steps. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { generatedRecords, type GeneratedEntry } from '../../../helpers/generated.ts';

const FIRST = ['login succeeded', 'login refused, wrong password'];
const LAST = ['logged out', 'session expired', 'account locked'];
const PAYMENTS = ['payment approved', 'payment declined', 'payment failed, no answer from the bank'];

function bySession(entries: readonly GeneratedEntry[]): GeneratedEntry[][] {
  return [...Map.groupBy(entries, ({ session }) => session).values()];
}

/** What is wrong with a session; the last entries may still be missing. */
function faultOf(session: readonly GeneratedEntry[]): string | undefined {
  const [first] = session;
  let isIn = false;
  for (const [index, { message, request_id: request, user_id: user, host }] of session.entries()) {
    const before = session[index - 1];
    if (user !== first?.user_id || host !== first.host) return 'another user or host';
    if (before === undefined ? !FIRST.includes(message) : LAST.includes(before.message))
      return 'begins or goes on where it must not';
    if (message.startsWith('login')) isIn ||= message === 'login succeeded';
    else if (!isIn && message !== 'account locked') return `${message} before the login`;
    if (message === 'order placed' && before?.message !== 'put into the cart') return 'an order of nothing';
    if (
      message === 'charge requested' &&
      !['order placed', ...PAYMENTS.slice(1)].includes(before?.message ?? '')
    )
      return 'a charge for nothing';
    const isPayment = PAYMENTS.includes(message);
    if (isPayment && before?.message !== 'charge requested') return 'a payment nobody asked for';
    if (isPayment !== (before?.request_id === request)) return 'a wrong request id';
    if (before?.message === 'payment approved' && message !== 'receipt sent') return 'no receipt';
  }
  return undefined;
}

describe('every session', () => {
  test('logs in before all else, pays what it has ordered, and is one user on one host', () =>
    fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 2 ** 32 - 1 }),
        fc.integer({ min: 1, max: 200 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        async (seed, sessions, errorRate) => {
          const entries = await generatedRecords(2000, { seed, sessions, errorRate });
          const all = bySession(entries);
          for (const session of all) expect(faultOf(session)).toBeUndefined();
          const open = all.filter((session) => !LAST.includes(session.at(-1)?.message ?? ''));
          expect(open.length).toBeLessThanOrEqual(sessions);
        },
      ),
      { numRuns: 30 },
    ));

  test('comes to its end, and is of a length that sessions have', async () => {
    const all = bySession(await generatedRecords(50_000));
    const lengths = all.map(({ length }) => length);
    expect(all.length).toBeGreaterThan(3000);
    expect(50_000 / all.length).toBeGreaterThan(8);
    expect(Math.max(...lengths)).toBeLessThan(200);
  });

  test('has ids of its own, and so has every request', async () => {
    const entries = await generatedRecords(50_000);
    const requests = Map.groupBy(entries, ({ request_id: id }) => id);
    for (const [, [first, second, third]] of requests) {
      if (second !== undefined) expect(first?.session).toBe(second.session);
      expect(third).toBeUndefined();
    }
    expect(new Set(entries.map(({ user_id: user }) => user)).size).toBeGreaterThan(2000);
  });
});

test.each([1, 2, 3])('the levels follow what happens (seed %i)', async (seed) => {
  const entries = await generatedRecords(30_000, { seed });
  const part = (level: string): number =>
    entries.filter((entry) => entry.level === level).length / entries.length;
  expect(part('INFO')).toBeGreaterThan(0.74);
  expect(part('INFO')).toBeLessThan(0.82);
  expect(part('DEBUG')).toBeGreaterThan(0.13);
  expect(part('DEBUG')).toBeLessThan(0.19);
  expect(part('WARN')).toBeGreaterThan(0.035);
  expect(part('WARN')).toBeLessThan(0.065);
  expect(part('ERROR')).toBeGreaterThan(0.008);
  expect(part('ERROR')).toBeLessThan(0.02);
  for (const { level, message, ms } of entries) {
    expect(level === 'ERROR').toBe(/declined|failed|locked/.test(message));
    expect(level === 'WARN').toBe(/slow|refused|no such|cancelled/.test(message));
    if (message === 'page was slow') expect(ms).toBeGreaterThanOrEqual(1500);
    if (message === 'page served') expect(ms).toBeLessThanOrEqual(90);
  }
});

test.each([
  [0, 0, 0],
  [0.5, 0.45, 0.55],
  [1, 1, 1],
])('at an error rate of %d so many charges come to nothing', async (errorRate, least, most) => {
  const entries = await generatedRecords(30_000, { errorRate });
  const of = (message: string): number => entries.filter((entry) => entry.message === message).length;
  const failed = of('payment declined') + of('payment failed, no answer from the bank');
  const part = failed / (failed + of('payment approved'));
  expect(part).toBeGreaterThanOrEqual(least);
  expect(part).toBeLessThanOrEqual(most);
  if (errorRate === 0) expect(new Set(entries.map(({ level }) => level))).toEqual(new Set(['INFO', 'DEBUG']));
});

test.each([1, 7, 1000])('%i users are no more', async (users) => {
  const entries = await generatedRecords(20_000, { users });
  const seen = new Set(entries.map(({ user_id: user }) => user));
  expect(seen.size).toBeLessThanOrEqual(users);
  expect(seen.size).toBeGreaterThan(users * 0.7);
  for (const user of seen) expect(Number(user.slice(1))).toBeLessThan(users);
});
