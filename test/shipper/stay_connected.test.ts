import { describe, expect, test } from 'vitest';
import { Round } from '../../src/shipper/round.ts';
import { ShipperError } from '../../src/shipper/shipper_error.ts';
import { stayConnected } from '../../src/shipper/stay_connected.ts';
import { collectLogs } from '../helpers/logs.ts';

/** What a connection ends with: an error, nothing where it was to end, or an error after a wish to be left alone. */
type End = Error | undefined | { readonly error: Error; readonly returnAfterMs: number };

const AWAY = new Error('away');

interface Run {
  /** The hosts that were tried, in order. */
  readonly tried: string;
  readonly waits: readonly unknown[];
  readonly warnings: readonly string[];
  readonly failure: unknown;
}

/** Connections to these hosts, in this order, that end so one after the other. */
async function run(hosts: string, ends: readonly End[]): Promise<Run> {
  const logs = collectLogs();
  const round = new Round(
    hosts.split('').map((host) => ({ host, port: 5000 })),
    () => 0,
  );
  const left = [...ends];
  let tried = '';
  let asked: number | undefined;
  const connect = (): Promise<Error | undefined> => {
    tried += round.address.host;
    const end = left.shift();
    asked = end !== undefined && 'error' in end ? end.returnAfterMs : undefined;
    return Promise.resolve(end !== undefined && 'error' in end ? end.error : end);
  };
  const options = { round, connect, returnAfterMs: () => asked, random: () => 0.999_999, log: logs.log };
  const reconnect = { firstMs: 2, maxMs: 8 };
  const failure: unknown = await stayConnected({ ...options, reconnect }, new AbortController().signal).catch(
    (error: unknown) => error,
  );
  const waits = logs.lines.flatMap(({ waitMs }) => (waitMs === undefined ? [] : [waitMs]));
  return { tried, waits, warnings: logs.at('warn'), failure };
}

describe('of several receivers', () => {
  test('the next is tried at once; waits come and grow when all have failed', async () => {
    const { tried, waits, failure } = await run('abc', [
      ...Array.from({ length: 13 }, () => AWAY),
      undefined,
    ]);
    expect(tried).toBe('abcabcabcabcab');
    expect(waits).toEqual([2, 4, 8, 8]);
    expect(failure).toBeUndefined();
  });

  test('one that asks to be left alone does not delay the others', async () => {
    const bye = { error: AWAY, returnAfterMs: 60_000 };
    const { tried, waits } = await run('ab', [bye, AWAY, undefined]);
    expect(tried).toBe('aba');
    expect(waits).toEqual([2]);
  });

  test('where all ask for it they are left alone, for the shortest time asked', async () => {
    const bye = (returnAfterMs: number): End => ({ error: AWAY, returnAfterMs });
    const { waits } = await run('ab', [bye(60_000), bye(20), undefined]);
    expect(waits).toEqual([20]);
  });

  test('the log says which failed, why, and which is tried', async () => {
    const { warnings } = await run('ab', [AWAY, AWAY, undefined]);
    expect(warnings).toEqual([
      'no connection to a:5000 (away); trying b:5000',
      'no connection to b:5000 (away); trying a:5000 in 0.0 s',
    ]);
  });

  test('one that refuses for good is passed over; when all do it is the end', async () => {
    const refused = new ShipperError('refused', 'bad token');
    expect(await run('ab', [refused, undefined])).toMatchObject({ tried: 'ab', failure: undefined });
    expect(await run('ab', [refused, refused, undefined])).toMatchObject({
      tried: 'ab',
      failure: { code: 'refused', message: 'b:5000: bad token' },
    });
  });
});

test('a single receiver is waited for each time, and as long as it asks', async () => {
  const bye = { error: AWAY, returnAfterMs: 20 };
  const { tried, waits, warnings } = await run('a', [AWAY, AWAY, bye, AWAY, undefined]);
  expect(tried).toBe('aaaaa');
  expect(waits).toEqual([2, 4, 20, 8]);
  expect(warnings[0]).toBe('no connection to a:5000 (away); trying again in 0.0 s');
});
