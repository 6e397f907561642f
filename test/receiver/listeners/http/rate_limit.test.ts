import { describe, expect, test } from 'vitest';
import { RateLimit, networkOf } from '../../../../src/receiver/listeners/http/rate_limit.ts';
import { EVENT, httpReceiver } from '../../../helpers/http_receivers.ts';
import { temporaryFolder } from '../../../helpers/temp_folder.ts';

describe('an address', () => {
  test('may make a burst, and then what the rate lets it', () => {
    let now = 0;
    const limit = new RateLimit({ requestsPerMinute: 60, burst: 3, now: () => now });
    expect([1, 2, 3, 4].map(() => limit.take('10.0.0.1'))).toEqual([0, 0, 0, 1]);
    expect(limit.take('10.0.0.2')).toBe(0);
    now = 999;
    expect(limit.take('10.0.0.1')).toBe(1);
    now = 1000;
    expect(limit.take('10.0.0.1')).toBe(0);
    expect(limit.take('10.0.0.1')).toBe(1);
    now = 60_000;
    expect([1, 2, 3, 4].map(() => limit.take('10.0.0.1'))).toEqual([0, 0, 0, 1]);
  });

  test('is told how long to wait', () => {
    const limit = new RateLimit({ requestsPerMinute: 2, burst: 1, now: () => 0 });
    expect([limit.take('a'), limit.take('a')]).toEqual([0, 30]);
  });

  test('has no limit where none is set', () => {
    const limit = new RateLimit({ requestsPerMinute: 0, burst: 0 });
    for (let n = 0; n < 1000; n += 1) expect(limit.take('10.0.0.1')).toBe(0);
    expect(limit.addresses).toBe(0);
  });

  test('is one of a hundred thousand that are remembered: the one that was quiet longest is forgotten', () => {
    const limit = new RateLimit({ requestsPerMinute: 1, burst: 1, now: () => 0 });
    limit.take('busy');
    limit.take('quiet');
    for (let n = 0; n < 99_999; n += 1) limit.take(`10.${n}`);
    expect(limit.take('busy')).toBe(0);
    for (let n = 0; n < 10; n += 1) limit.take(`11.${n}`);
    expect(limit.addresses).toBe(100_000);
    expect(limit.take('busy')).toBeGreaterThan(0);
  });
});

test.each([
  ['127.0.0.1', '127.0.0.1'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:db8:1:2:ffff::9', '2001:db8:1:2'],
  ['2001:DB8::1', '2001:db8:0:0'],
  ['2001:0db8:0000:0000:0:0:0:1', '2001:db8:0:0'],
  ['::1', '0:0:0:0'],
  ['fe80::1%eth0', 'fe80:0:0:0'],
])('%s counts as %s', (address, network) => {
  expect(networkOf(address)).toBe(network);
});

test('429 says when to come again; probes are not limited, and nothing of what was refused is kept', async () => {
  await using folder = await temporaryFolder();
  await using http = await httpReceiver(folder, {
    listener: { rateLimit: { requestsPerMinute: 1, burst: 2 } },
  });
  const answers = [await http.post(EVENT), await http.post(EVENT), await http.post(EVENT)];
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
  expect(answers[2]?.body).toMatchObject({ error: 'rate_limited' });
  expect(Number(answers[2]?.headers.get('retry-after'))).toBeGreaterThan(0);
  expect((await http.get('/metrics')).status).toBe(429);
  expect((await http.get('/healthz')).status).toBe(200);
  expect((await http.get('/readyz')).status).toBe(200);
  expect(http.receiver.ledger).toMatchObject({ received: 2, stored: 2 });
});
