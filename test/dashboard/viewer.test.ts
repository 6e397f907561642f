import type { ServerResponse } from 'node:http';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { filterOf } from '../../src/dashboard/entry_filter.ts';
import { Insight } from '../../src/dashboard/insight.ts';
import { OTHER, Tally } from '../../src/dashboard/tally.ts';
import { Viewer, eventText } from '../../src/dashboard/viewer.ts';
import { viewOf } from '../../src/dashboard/entry_view.ts';
import { until } from '../helpers/until.ts';

const ANY = filterOf(new URLSearchParams());

test('a viewer that does not read costs a megabyte, and hears how much it missed', async () => {
  let response: ServerResponse | undefined;
  await using server = createServer((_request, answer) => (response = answer)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.pause();
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  await until('it is asked', () => response !== undefined);
  const viewer = new Viewer(1, ANY, response as ServerResponse);
  const events = eventText('tail', { text: 'x'.repeat(10_000) });
  for (let n = 0; n < 5000; n += 1) viewer.send(events, 7);
  expect((response as ServerResponse).writableLength).toBeLessThanOrEqual(1100 * 1024);
  let text = '';
  socket.on('data', (bytes: Buffer) => (text += bytes.toString()));
  socket.resume();
  await until('it has read all that waited', () => (response as ServerResponse).writableLength === 0);
  viewer.send(events, 7);
  await until('it hears of the rest', () => text.includes('event: dropped'));
  const { entries } = JSON.parse(/event: dropped\ndata: (.*)\n/.exec(text)?.[1] ?? '{}') as {
    entries: number;
  };
  const got = text.split('event: tail').length - 1;
  await until('nothing is missing', () => got * 7 + entries >= 5000 * 7);
  expect(entries % 7).toBe(0);
  socket.destroy();
  viewer.close();
});

test('a tally keeps so many names, and sums up the others', () => {
  const tally = new Tally(2);
  for (const name of ['a', '__proto__', 'a', 'c', 'd', 'a']) tally.add(name);
  expect(tally.top(10)).toEqual([
    ['a', 3],
    [OTHER, 2],
    ['__proto__', 1],
  ]);
});

test.each(['\u202e', '\u0000', '\ud800', '"'])(
  'an hour of names of many %j is sent to a page at once',
  (letter) => {
    const insight = new Insight();
    const header = { shipperId: 's', receivedAtMs: 0 };
    const place = { segment: '', offset: 0, line: 0 };
    for (let n = 0; n < 360 * 20; n += 1) {
      const name = `${n % 20}`.padEnd(500, letter);
      const seen = viewOf(JSON.stringify({ level: name, service: name, tags: [name] }), header, place);
      insight.add(seen, Math.floor(n / 20) * 10_000);
    }
    expect(eventText('insight', insight.last()).length).toBeLessThan(900 * 1024);
  },
);

test('insight keeps an hour of buckets, and goes on where the clock went back', () => {
  const insight = new Insight();
  const header = { shipperId: 's', receivedAtMs: 0 };
  const place = { segment: '', offset: 0, line: 0 };
  const seen = viewOf('{"level":"info","tags":["a","a"]}', header, place);
  for (let bucket = 0; bucket < 400; bucket += 1) insight.add(seen, bucket * 10_000);
  insight.add({ ...seen, isMalformed: true }, 0);
  const buckets = insight.last();
  expect(buckets.length).toBe(360);
  insight.add(seen, 3_989_999);
  expect(insight.last(2).map(({ sampled }) => sampled)).toEqual([2, 2]);
  expect(buckets.at(-1)).toEqual({
    ...{ atMs: 3_990_000, sampled: 2, malformed: 1 },
    ...{ levels: [['INFO', 2]], tags: [['a', 2]], services: [['(none)', 2]] },
  });
});

test('insight has a bucket of nothing for each ten seconds in which nothing came, up to now', () => {
  const insight = new Insight();
  const place = { segment: '', offset: 0, line: 0 };
  const seen = viewOf('{}', { shipperId: 's', receivedAtMs: 0 }, place);
  const sampled = () => insight.last().map(({ atMs, sampled }) => [atMs, sampled]);
  insight.reach(15_000);
  expect(sampled()).toEqual([[10_000, 0]]);
  insight.add(seen, 35_000);
  insight.reach(59_999);
  insight.reach(59_999);
  expect(sampled()).toEqual([
    [10_000, 0],
    [20_000, 0],
    [30_000, 1],
    [40_000, 0],
    [50_000, 0],
  ]);
  insight.reach(50_000_000);
  expect(sampled().length).toBe(360);
  expect(sampled().at(-1)).toEqual([50_000_000, 0]);
});
