import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { tokenGuard } from '../../../src/monitor/server/guard.ts';
import { isHostAllowed, isLoopback } from '../../../src/monitor/server/host_check.ts';
import { liveRoute, monitorRoutes } from '../../../src/monitor/server/monitor_routes.ts';
import {
  sendText,
  startMonitorServer,
  type MonitorRoute,
  type MonitorServerOptions,
} from '../../../src/monitor/server/monitor_server.ts';
import { Ledger } from '../../../src/monitor/ledger.ts';
import { Live } from '../../../src/monitor/live.ts';
import { ProcessFigures } from '../../../src/monitor/process_figures.ts';
import { ask } from '../../helpers/http_receivers.ts';
import { silentLog } from '../../helpers/logs.ts';

const GROUP = { text: () => '# HELP logferry_a <b>.\n# TYPE logferry_a gauge\nlogferry_a{x="<i>"} 1\n' };

const ROUTES: readonly MonitorRoute[] = [
  ...monitorRoutes({ groups: [GROUP], troubleOf: () => undefined }),
  { method: 'POST', path: '/things', handle: (_request, response) => sendText(response, 200, 'posted') },
  {
    method: 'GET',
    path: '/files/',
    handle: (request, response) => sendText(response, 200, request.url ?? ''),
  },
  {
    method: 'GET',
    path: '/broken',
    handle() {
      throw new Error('it broke');
    },
  },
  { method: 'GET', path: '/stream', handle: (_request, response) => void response.write('for ever') },
];

const start = (wishes: Partial<MonitorServerOptions> = {}) =>
  startMonitorServer({ host: '127.0.0.1', port: 0, routes: ROUTES, log: silentLog, ...wishes });

/** `fetch` sets Host itself. */
async function statusWithHost(port: number, host: string): Promise<number> {
  const asked = httpRequest({ port, host: '127.0.0.1', path: '/healthz', headers: { host }, setHost: false });
  asked.end();
  const [answer] = (await once(asked, 'response')) as [{ statusCode: number; resume(): void }];
  answer.resume();
  return answer.statusCode;
}

describe('the monitor', () => {
  test('answers what it has a route for, with headers that keep a browser from running anything', async () => {
    await using server = await start();
    const answers = await Promise.all(
      ['/metrics', '/healthz', '/readyz', '/files/a/b?c', '/nothing', '/things', '/broken', '/', '//x'].map(
        async (path) => (await ask(server.url + path)).status,
      ),
    );
    expect(answers).toEqual([200, 200, 200, 200, 404, 405, 500, 404, 404]);
    const { headers, text } = await ask(`${server.url}/metrics`);
    expect(headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(text).toBe(GROUP.text());
    expect((await ask(`${server.url}/things`, { method: 'POST' })).text).toBe('posted');
    expect((await ask(`${server.url}/metrics`, { method: 'HEAD' })).text).toBe('');
  });

  test('shows a browser a page in which nothing is markup, or the dashboard where there is one', async () => {
    await using server = await start();
    await using withPages = await start({
      routes: monitorRoutes({ groups: [GROUP], troubleOf: () => undefined }, '/'),
    });
    const accept = { accept: 'text/html,application/xhtml+xml;q=0.9,*/*;q=0.8' };
    const { text, headers } = await ask(`${server.url}/metrics`, { headers: accept });
    expect(headers.get('content-type')).toContain('text/html');
    expect(text).toContain('logferry_a{x=&quot;&lt;i&gt;&quot;}');
    expect(text).not.toMatch(/<[ib]>(?!logferry_a<)/);
    const moved = await ask(`${withPages.url}/metrics`, { headers: accept, redirect: 'manual' });
    expect([moved.status, moved.headers.get('location')]).toEqual([302, '/']);
  });

  test('is ready while there is no trouble, and alive all the same', async () => {
    let trouble: string | undefined = 'the disk is full';
    await using server = await start({ routes: monitorRoutes({ groups: [], troubleOf: () => trouble }) });
    expect(await ask(`${server.url}/readyz`)).toMatchObject({
      status: 503,
      body: { status: 'unavailable', reason: 'the disk is full' },
    });
    expect((await ask(`${server.url}/healthz`)).status).toBe(200);
    trouble = undefined;
    expect((await ask(`${server.url}/readyz`)).status).toBe(200);
  });

  test('wants the token, where there is one, of all but probes', async () => {
    await using server = await start({ guard: tokenGuard('s3cret') });
    const withToken = (authorization: string) => ask(`${server.url}/metrics`, { headers: { authorization } });
    const refused = await ask(`${server.url}/metrics`);
    expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
    expect((await withToken('Bearer s3cre')).status).toBe(401);
    expect((await withToken('Basic s3cret')).status).toBe(401);
    expect((await withToken('bearer s3cret')).status).toBe(200);
    expect((await ask(`${server.url}/readyz`)).status).toBe(200);
  });

  test('on loopback answers to names of loopback alone', async () => {
    await using server = await start();
    expect(await statusWithHost(server.port, `localhost:${server.port}`)).toBe(200);
    expect(await statusWithHost(server.port, '127.0.0.1')).toBe(200);
    expect(await statusWithHost(server.port, 'evil.example')).toBe(421);
    expect(await statusWithHost(server.port, `localhost.evil.example:${server.port}`)).toBe(421);
  });

  test('ends at once, also while something streams and somebody sends nothing', async () => {
    const server = await start();
    const silent = connect(server.port, '127.0.0.1');
    await once(silent, 'connect');
    const answer = await fetch(`${server.url}/stream`);
    const reading = answer.text().catch((error: unknown) => (error as Error).name);
    await server[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
    expect(await reading).toBe('TypeError');
    silent.destroy();
  });

  test('says of an address that it can not have', async () => {
    await using server = await start();
    await expect(start({ port: server.port })).rejects.toThrow('EADDRINUSE');
  });
});

test('/live tells the moment and the past that is asked for', async () => {
  using figures = new ProcessFigures();
  using live = new Live({
    ledger: new Ledger(),
    health: () => ({ state: 'ok' }),
    archive: () => undefined,
    process: figures,
  });
  live.tick();
  await using server = await start({ routes: [liveRoute(live)] });
  const { body } = await ask(`${server.url}/live?seconds=1`);
  expect(body).toMatchObject({ figures: { health: { state: 'ok' } }, history: { perSecond: { logs: [0] } } });
  for (const seconds of ['-1', '3601', 'x', '', '1e3'])
    expect((await ask(`${server.url}/live?seconds=${seconds}`)).status).toBe(400);
});

test.each([
  ['127.0.0.1', '127.0.0.1:8080', true],
  ['127.0.0.1', 'LOCALHOST', true],
  ['::1', '[::1]:8080', true],
  ['localhost', '127.9.9.9:1', true],
  ['127.0.0.1', undefined, false],
  ['127.0.0.1', '', false],
  ['127.0.0.1', '127.0.0.1.evil.example', false],
  ['127.0.0.1', 'localhost:80:80', false],
  ['0.0.0.0', 'anything.example', true],
  ['10.0.0.7', undefined, true],
])('bound to %s, asked as %s: %s', (boundTo, host, isAllowed) => {
  expect(isHostAllowed(boundTo, host)).toBe(isAllowed);
});

test('loopback is loopback', () => {
  expect(['127.0.0.1', '::1', 'localhost'].map(isLoopback)).toEqual([true, true, true]);
  expect(['0.0.0.0', '::', '10.0.0.1', '127.evil.example'].map(isLoopback)).toEqual([
    false,
    false,
    false,
    false,
  ]);
});
