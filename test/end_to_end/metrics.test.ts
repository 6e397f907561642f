/** What running programs show is what docs/METRICS.md says, and nothing else. */
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { METRIC_GROUPS } from '../../scripts/metrics_doc.ts';
import { parseExposition, valueOf } from '../helpers/exposition_text.ts';
import { ask, EVENT } from '../helpers/http_receivers.ts';
import { WATCHED, monitorUrlOf, scrape, shownIn } from '../helpers/monitors.ts';
import { NatsServer } from '../helpers/nats_server.ts';
import { Program, ReceiverProgram, runServer, startShipper } from '../helpers/programs.ts';
import { rawPeer } from '../helpers/raw_peer.ts';
import { RedisServer } from '../helpers/redis_server.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';
import { until } from '../helpers/until.ts';
import { encodeFrame } from '../../src/wire/frame.ts';

const LINES =
  '{"n":1}\nhealthz\nno format knows this\n127.0.0.1 - - [31/Jan/2026:12:00:00 +0000] "POST /login HTTP/1.1" 401 7\n';

const HTTP_AND_THRIFT = { HTTP_ENABLED: 'true', HTTP_PORT: '0', THRIFT_ENABLED: 'true', THRIFT_PORT: '0' };

/** Thrift's binary protocol: version and CALL, the name `nope`, number 1, a struct of no fields. */
const UNKNOWN_CALL = Buffer.from('80010001000000046e6f70650000000100', 'hex');

/** As docs/OPERATIONS.md shows them. */
const FOLLOW = ['follow', '--output', 'csv'];
const TOP = ['top'];

const DOCUMENTED = METRIC_GROUPS.flatMap(({ metrics }) => metrics);

test('each metric that is documented is shown by a program that runs, and no other', async () => {
  await using folder = await temporaryFolder();
  const folders = { DATA_DIR: folder.in('data'), OUTPUT_DIR: folder.path };
  await using receiver = await ReceiverProgram.start(folder.in('data'), {
    env: { ...WATCHED, ...folders, ...HTTP_AND_THRIFT, OUTPUTS: 'stats' },
  });
  await using shipper = startShipper(
    receiver.port,
    ['pipe', '--parse', 'common', '--exclude', 'healthz', '--tag', 'auth'],
    {
      ...WATCHED,
      SPOOL_DIR: folder.in('spool'),
      STATE_DIR: folder.in('state'),
      BATCH_INTERVAL: '0.05',
    },
  );
  await using follower = new Program('server_main.ts', FOLLOW, {
    ...WATCHED,
    ...folders,
  });
  await using redis = await RedisServer.start();
  await using drainer = new Program('server_main.ts', ['drain'], {
    ...WATCHED,
    ...folders,
    REDIS_URL: redis.url,
  });
  await using nats = await NatsServer.start();
  await using worker = new Program(
    'server_main.ts',
    ['follow', '--from', 'jetstream', '--output', 'archive'],
    {
      ...WATCHED,
      NATS_URL: nats.url,
      DATA_DIR: folder.in('worker'),
    },
  );
  shipper.child.stdin?.write(LINES);
  const portOf = (name: string) => Number(receiver.log.find((line) => line[name] !== undefined)?.[name]);
  const { status } = await ask(`http://127.0.0.1:${portOf('httpPort')}/log`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(EVENT),
  });
  expect(status).toBe(200);
  const page = await ask(`http://127.0.0.1:${portOf('httpPort')}/metrics`, {
    headers: { accept: 'text/html' },
  });
  expect(page.headers.get('content-type')).toContain('text/html');
  expect(page.text).toContain('logferry_http_events_total');
  await using plain = await rawPeer(receiver.port);
  plain.send(encodeFrame('PLAIN', Buffer.from('[1,{"n":2}]')));
  await using caller = await rawPeer(portOf('thriftPort'), 'not reading');
  caller.send(UNKNOWN_CALL);

  const urls = await Promise.all([receiver, shipper, follower, drainer, worker].map(monitorUrlOf));
  const missing = async (): Promise<string[]> => {
    const shown = new Set((await Promise.all(urls.map(scrape))).flatMap(shownIn));
    return DOCUMENTED.map(({ name }) => name).filter((name) => !shown.has(name));
  };
  let last: string[] = [];
  await until(
    'all that is documented is shown',
    async () => (last = await missing()).length === 0,
    30_000,
  ).catch((error: unknown) => {
    throw new Error(`not shown by any program: ${last.join(', ')}`, { cause: error });
  });

  const texts = await Promise.all(urls.map(scrape));
  for (const { name, type, help, samples } of texts.flatMap(parseExposition)) {
    const known = DOCUMENTED.find((metric) => metric.name === name);
    expect(known, `${name} is in no table`).toMatchObject({ type, help });
    for (const { labels } of samples)
      expect(Object.keys(labels).filter((label) => label !== 'le')).toEqual(known?.labels ?? []);
  }
  const [ofReceiver = '', ofShipper = ''] = texts;
  expect(valueOf(ofReceiver, 'logferry_rejected_entries_total', { code: 'not_an_object' })).toBe(1);
  expect(valueOf(ofReceiver, 'logferry_shipper_compression_level')).toBe(6);
  expect(valueOf(ofShipper, 'logferry_filtered_entries_total')).toBe(1);

  const [urlOfReceiver = ''] = urls;
  const shown = await runServer([...TOP, urlOfReceiver.replace('http://', ''), '--once']);
  expect(shown).toMatchObject({ code: 0, stderr: '' });
  expect(shown.stdout).toMatch(/^@http +.*1 +-$/m);
  const operations = await readFile('docs/OPERATIONS.md', 'utf8');
  for (const args of [FOLLOW, TOP]) expect(operations).toContain(`npm start -- ${args.join(' ')}`);
}, 60_000);
