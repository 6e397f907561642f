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

test('an hour of names as long and as many as they get is sent to a page at once', () => {
  const insight = new Insight();
  const header = { shipperId: 's', receivedAtMs: 0 };
  const place = { segment: '', offset: 0, line: 0 };
  for (let n = 0; n < 360 * 20; n += 1) {
    const name = `${n % 20}`.padEnd(500, '\u202e');
    const { view } = viewOf(JSON.stringify({ level: name, service: name, tags: [name] }), header, place);
    insight.add(view, false, Math.floor(n / 20) * 10_000);
  }
  expect(eventText('insight', insight.last()).length).toBeLessThan(512 * 1024);
});

test('insight keeps an hour of buckets, and goes on where the clock went back', () => {
  const insight = new Insight();
  const header = { shipperId: 's', receivedAtMs: 0 };
  const place = { segment: '', offset: 0, line: 0 };
  const { view } = viewOf('{"level":"info","tags":["a","a"]}', header, place);
  for (let bucket = 0; bucket < 400; bucket += 1) insight.add(view, false, bucket * 10_000);
  insight.add(view, true, 0);
  const buckets = insight.last();
  expect(buckets.length).toBe(360);
  expect(buckets.at(-1)).toEqual({
    ...{ atMs: 3_990_000, sampled: 2, malformed: 1 },
    ...{ levels: [['INFO', 2]], tags: [['a', 2]], services: [['(none)', 2]] },
  });
});
