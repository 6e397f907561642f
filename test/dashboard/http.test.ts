/** What the dashboard answers to programs, and to whoever is not meant to look. */
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { sessionCookie, sessionGuard } from '../../src/dashboard/session_cookie.ts';
import { storedEntries } from '../../src/dashboard/stored_entry.ts';
import { WrongTokens } from '../../src/dashboard/wrong_tokens.ts';
import { startDashboard } from '../helpers/dashboards.ts';
import { ReceiverProgram } from '../helpers/programs.ts';
import { testReceiver } from '../helpers/receivers.ts';
import { linesSource, neverStop, testShipper } from '../helpers/shippers.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';
import { until } from '../helpers/until.ts';

const TOKEN = 'correct-horse';
const JSON_TYPE = { 'content-type': 'application/json' };

/** An answer to a request with any head. */
async function rawAnswer(port: number, head: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.write(`${head}\r\nConnection: close\r\n\r\n`);
  let answer = '';
  socket.on('data', (bytes: Buffer) => (answer += bytes.toString()));
  await once(socket, 'close');
  return answer;
}

describe('without a token', () => {
  test('the page comes with a policy that lets nothing run but its own files', async () => {
    await using folder = await temporaryFolder();
    await using dashboard = await startDashboard({ folder: folder.path });
    const page = await fetch(dashboard.url);
    const policy = page.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("require-trusted-types-for 'script'");
    expect(policy).not.toMatch(/unsafe|\*|https?:/);
    expect(page.headers.get('x-content-type-options')).toBe('nosniff');
    const html = await page.text();
    expect(html).not.toMatch(/<style|style=|\son\w+=|<script(?![^>]* src="\/page\/)|https?:\/\//);
    for (const [, path = ''] of html.matchAll(/(?:src|href)="(\/[^"]+)"/g))
      expect([path, (await fetch(dashboard.url + path)).status]).toEqual([path, 200]);
    expect((await fetch(`${dashboard.url}/page/uplot.js`)).headers.get('content-type')).toContain(
      'javascript',
    );
  });

  test.each(['/page/../dashboard.ts', '/page/%2e%2e/dashboard.ts', '/page/', '/page/none.js', '/etc/passwd'])(
    '%s is no file of the page',
    async (path) => {
      await using folder = await temporaryFolder();
      await using dashboard = await startDashboard({ folder: folder.path });
      expect(await rawAnswer(dashboard.port, `GET ${path} HTTP/1.1\r\nHost: localhost`)).toMatch(
        /^HTTP\/1\.1 404/,
      );
    },
  );

  test('another host, another site and wrong questions are refused', async () => {
    await using folder = await temporaryFolder();
    await using dashboard = await startDashboard({ folder: folder.path });
    const ask = async (path: string, headers: Record<string, string> = {}): Promise<number> =>
      (await fetch(dashboard.url + path, { headers })).status;
    const rebound = await rawAnswer(dashboard.port, 'GET /api/configuration HTTP/1.1\r\nHost: evil.example');
    expect(rebound).toMatch(/^HTTP\/1\.1 421/);
    expect(await ask('/api/configuration', { 'sec-fetch-site': 'cross-site' })).toBe(403);
    expect(await ask('/api/configuration', { 'sec-fetch-site': 'same-origin' })).toBe(200);
    expect((await fetch(`${dashboard.url}/api/events`, { method: 'HEAD' })).status).toBe(405);
    expect(await ask(`/api/events?text=${'x'.repeat(201)}`)).toBe(400);
    expect(await ask('/api/entry?segment=../../etc/passwd&offset=0&line=0')).toBe(400);
    expect(await ask('/api/entry?segment=logs_20260101_000000.jsonl.gz&offset=0&line=0')).toBe(410);
    expect(await ask('/api/search?since=tomorrow')).toBe(400);
    expect(await ask('/api/search?level=loud%2B')).toBe(400);
  });

  test('a stored entry is read again, cut where it is long; one that is not there is gone', async () => {
    await using folder = await temporaryFolder();
    await using receiver = await testReceiver(folder.in('data'), {
      limits: { maxFrameBytes: 2 ** 24, maxBatchBytes: 2 ** 24, maxEntryBytes: 2 ** 23 },
    });
    await using dashboard = await startDashboard({ receiver, folder: folder.in('data') });
    const lines = ['{"n":1}', `{"n":2,"long":"${'x'.repeat(1_500_000)}"}`];
    const batcher = { size: 10, intervalMs: 10, maxBytes: 2 ** 22 };
    const source = linesSource(lines, 2);
    await testShipper({ port: receiver.port, source, stateFolder: folder.in('state'), batcher }).run(
      neverStop(),
    );
    let found: { entries: { place: { segment: string; offset: number; line: number } }[] } = { entries: [] };
    await until('both are found', async () => {
      found = (await (await fetch(`${dashboard.url}/api/search`)).json()) as typeof found;
      return found.entries.length === 2;
    });
    const read = async (line: number): Promise<Response> => {
      const { segment = '', offset = 0 } = found.entries[0]?.place ?? {};
      return fetch(`${dashboard.url}/api/entry?segment=${segment}&offset=${offset}&line=${line}`);
    };
    expect(await (await read(0)).json()).toMatchObject({
      line: lines[0],
      isCut: false,
      shipper: 'test-shipper',
    });
    const long = (await (await read(1)).json()) as { line: string };
    expect(long).toMatchObject({ isCut: true, bytes: lines[1]?.length });
    expect(long.line.length).toBe(1024 * 1024);
    expect((await read(2)).status).toBe(410);
    const readStored = storedEntries(folder.in('data'));
    const place = { segment: '', offset: 0, ...found.entries[0]?.place, line: 0 };
    const three = await Promise.allSettled([place, place, place].map(readStored));
    expect(three.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    expect(three[2]).toMatchObject({ reason: { code: 'too_many' } });
    expect(await readStored(place)).toMatchObject({ line: lines[0] });
  });

  test('without an archive it says so, and there is nothing to look into', async () => {
    await using dashboard = await startDashboard({});
    const ask = (path: string): Promise<Response> => fetch(dashboard.url + path);
    expect(await (await ask('/api/session')).json()).toMatchObject({ hasArchive: false });
    for (const path of ['/api/search', '/api/entry?segment=logs_20260101_000000.jsonl.gz&offset=0&line=0'])
      expect([path, (await ask(path)).status]).toEqual([path, 404]);
    const reader = (await ask('/api/events')).body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    while (text.split('event: figures').length < 3) text += (await reader?.read())?.value ?? '';
    expect(text).not.toContain('event: tail');
    await reader?.cancel();
  });

  test('more viewers than allowed are turned away, and one that leaves makes room', async () => {
    await using folder = await temporaryFolder();
    await using dashboard = await startDashboard({ folder: folder.path, maxViewers: 2 });
    const leave = new AbortController();
    const watch = (signal?: AbortSignal): Promise<Response> =>
      fetch(`${dashboard.url}/api/events`, { ...(signal && { signal }) });
    const [first] = [await watch(leave.signal), await watch()];
    expect(first.headers.get('content-type')).toContain('text/event-stream');
    const refused = await watch();
    expect([refused.status, await refused.json()]).toMatchObject([429, { error: 'too_many' }]);
    leave.abort();
    await until('there is room', async () => (await watch()).status === 200);
  });
});

describe('with a token', () => {
  test('it is wanted for all that says anything, as a header or as a session', async () => {
    await using folder = await temporaryFolder();
    await using dashboard = await startDashboard({ folder: folder.path, token: TOKEN });
    const ask = async (path: string, headers: Record<string, string> = {}): Promise<number> =>
      (await fetch(dashboard.url + path, { headers })).status;
    for (const path of ['/api/events', '/api/entry', '/api/search', '/api/configuration'])
      expect([path, await ask(path), await ask(path, { authorization: 'Bearer wrong' })]).toEqual([
        path,
        401,
        401,
      ]);
    expect(await ask('/')).toBe(200);
    expect(await ask('/api/configuration', { authorization: `Bearer ${TOKEN}` })).toBe(200);
    expect(await ask(`/api/configuration?token=${TOKEN}`)).toBe(401);
    const cookieOf = (text: string): Record<string, string> => ({ cookie: text.split(';')[0] ?? '' });
    const { host } = new URL(dashboard.url);
    const request = { headers: { host }, socket: {} } as unknown as IncomingMessage;
    const cookie = sessionCookie(TOKEN, request);
    expect(await ask('/api/configuration', cookieOf(cookie))).toBe(200);
    expect(await ask('/api/configuration', cookieOf(sessionCookie('another', request)))).toBe(401);
    expect(await ask('/api/configuration', cookieOf(sessionCookie(TOKEN, request, 0)))).toBe(401);
    expect(await ask('/api/configuration', cookieOf(cookie.replace(/=\d/, '=9')))).toBe(401);
  });

  test.each(['/api/configuration', '/api/session'])(
    '%s tells nobody of many wrong tokens at once which is right',
    async (path) => {
      await using folder = await temporaryFolder();
      await using dashboard = await startDashboard({ folder: folder.path, token: TOKEN });
      const ask = async (token: string): Promise<number> =>
        (await fetch(dashboard.url + path, { headers: { authorization: `Bearer ${token}` } })).status;
      const startedAt = performance.now();
      const wrong = await Promise.all(Array.from({ length: 30 }, (_, n) => ask(`wrong-${n}`)));
      expect(performance.now() - startedAt).toBeGreaterThan(450);
      expect(wrong.filter((status) => status !== 429).length).toBeGreaterThanOrEqual(20);
      await until('the right one is looked at', async () => (await ask(TOKEN)) === 200);
    },
  );

  test('while many wrong ones wait the next of their address is not looked at, and those of others are', async () => {
    const wrong = new WrongTokens();
    const guard = sessionGuard(TOKEN, wrong);
    const from = (remoteAddress: string) =>
      ({
        headers: { authorization: `Bearer ${TOKEN}` },
        socket: { remoteAddress },
      }) as unknown as IncomingMessage;
    const waiting = Array.from({ length: 20 }, () => wrong.wait(from('a')));
    expect([guard.letsIn(from('a')), guard.letsIn(from('b'))]).toEqual([false, true]);
    await expect(wrong.wait(from('a'))).rejects.toMatchObject({ code: 'too_many' });
    await Promise.all(waiting);
    expect(guard.letsIn(from('a'))).toBe(true);
  });

  test('the form takes JSON alone, little of it, and the token', async () => {
    await using folder = await temporaryFolder();
    await using dashboard = await startDashboard({ folder: folder.path, token: TOKEN });
    const logIn = (body: string, headers: Record<string, string> = JSON_TYPE): Promise<Response> =>
      fetch(`${dashboard.url}/login`, { method: 'POST', headers, body });
    const right = JSON.stringify({ token: TOKEN });
    expect((await logIn(right, { 'content-type': 'text/plain' })).status).toBe(400);
    expect((await logIn('{"token":1}')).status).toBe(400);
    expect((await logIn('no JSON')).status).toBe(400);
    expect((await logIn(JSON.stringify({ token: 'x'.repeat(5000) }))).status).toBe(413);
    expect((await logIn('{"token":"wrong"}')).status).toBe(401);
    const let_in = await logIn(right);
    expect(let_in.status).toBe(200);
    expect(let_in.headers.get('set-cookie')).toMatch(
      /^logferry_session_\d+=\d+\.[0-9a-f]{64}; .*HttpOnly; SameSite=Strict$/,
    );
  });
});

test('serve shows itself where it is told to, and says what it was told without its secrets', async () => {
  await using folder = await temporaryFolder();
  const env = {
    ...{ DASHBOARD_ENABLED: 'true', DASHBOARD_PORT: '0', DASHBOARD_TOKEN: TOKEN },
    ...{ AUTH_TOKENS: 'shipper-secret', RETENTION_MAX_AGE: '86400' },
  };
  await using program = await ReceiverProgram.start(folder.in('data'), { env });
  const port = program.log.find(({ dashboardPort }) => dashboardPort !== undefined)?.dashboardPort as number;
  const headers = { authorization: `Bearer ${TOKEN}` };
  const text = await (await fetch(`http://127.0.0.1:${port}/api/configuration`, { headers })).text();
  expect(text).not.toMatch(new RegExp(`${TOKEN}|shipper-secret`));
  const rows = JSON.parse(text) as { name: string; value: string; where: string }[];
  const rowOf = (name: string) => rows.find((row) => row.name === name);
  expect(rowOf('AUTH_TOKENS')).toMatchObject({ value: '***', where: 'environment' });
  expect(rowOf('RETENTION_MAX_AGE')).toMatchObject({ value: '86400', where: 'environment' });
  expect(rowOf('FSYNC')).toMatchObject({ value: 'always', where: 'default' });
  expect(rowOf('BATCH_SIZE')).toBeUndefined();
});
