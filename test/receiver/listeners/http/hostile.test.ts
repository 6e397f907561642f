/** What no client should send, and some do: over real sockets, byte by byte. */
import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { EVENT, httpReceiver, type HttpReceiver } from '../../../helpers/http_receivers.ts';
import { collectLogs } from '../../../helpers/logs.ts';
import { archivedLines } from '../../../helpers/receivers.ts';
import { temporaryFolder } from '../../../helpers/temp_folder.ts';
import { until } from '../../../helpers/until.ts';

class RawClient implements Disposable {
  readonly socket: Socket;
  text = '';
  isClosed = false;

  constructor(port: number) {
    this.socket = connect({ port, host: '127.0.0.1' });
    this.socket.on('data', (bytes: Buffer) => (this.text += bytes.toString('latin1')));
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => (this.isClosed = true));
  }

  /** The statuses answered so far. */
  get statuses(): number[] {
    return [...this.text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
  }

  answered(count: number): Promise<void> {
    return until(`${count} answers`, () => this.statuses.length >= count);
  }

  closed(): Promise<void> {
    return until('the connection is closed', () => this.isClosed);
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}

const JSON_TYPE = 'Content-Type: application/json\r\n';
const request = (body: string, head = JSON_TYPE): string =>
  `POST /log HTTP/1.1\r\nHost: x\r\n${head}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
const event = (n: number): string => JSON.stringify({ ...EVENT, n });

/** It still serves. */
async function expectAlive(http: HttpReceiver): Promise<void> {
  expect((await http.post(EVENT)).status).toBe(200);
}

describe('taken', () => {
  test('a request cut at every byte', async () => {
    await using folder = await temporaryFolder();
    await using http = await httpReceiver(folder);
    const whole = request(event(1));
    for (let cut = 1; cut < whole.length; cut += 7) {
      using client = new RawClient(http.port);
      client.socket.setNoDelay().write(whole.slice(0, cut));
      await new Promise(setImmediate);
      client.socket.write(whole.slice(cut));
      await client.answered(1);
      expect(client.statuses).toEqual([200]);
    }
  });

  test('a chunked body, in chunks of a byte', async () => {
    await using folder = await temporaryFolder();
    await using http = await httpReceiver(folder);
    using client = new RawClient(http.port);
    const chunks = Array.from(event(1))
      .map((byte) => `1\r\n${byte}\r\n`)
      .join('');
    client.socket.write(
      `POST /log HTTP/1.1\r\nHost: x\r\n${JSON_TYPE}Transfer-Encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`,
    );
    await client.answered(1);
    expect(client.statuses).toEqual([200]);
    expect(await archivedLines(folder.in('data'), '@http')).toEqual([event(1)]);
  });

  test('a hundred requests in one write, answered in order, good and bad', async () => {
    await using folder = await temporaryFolder();
    await using http = await httpReceiver(folder);
    using client = new RawClient(http.port);
    const bodies = Array.from({ length: 100 }, (_, n) => (n % 10 === 3 ? '{"bad":1}' : event(n)));
    client.socket.write(bodies.map((body) => request(body)).join(''));
    await client.answered(100);
    expect(client.statuses).toEqual(bodies.map((body) => (body === '{"bad":1}' ? 400 : 200)));
    const kept = bodies.filter((body) => body !== '{"bad":1}');
    expect((await archivedLines(folder.in('data'), '@http')).toSorted()).toEqual(kept.toSorted());
  });

  test('members of any name, and numbers of any length, as they were sent', async () => {
    await using folder = await temporaryFolder();
    await using http = await httpReceiver(folder);
    const lines = [
      '{"user_id":"a","event":"b","timestamp":1,"__proto__":{"x":1},"constructor":{"prototype":1}}',
      `{"user_id":"a","event":"b","timestamp":1,"n":${'9'.repeat(1000)}}`,
      '{"user_id":"a","event":"b","timestamp":1,"x":1,"x":2}',
      '{"user_id":"\\u0061\\u006a","event":"\\ud800","timestamp":1.0e3}',
      '{"user_id":"../../etc","event":"","timestamp":0}',
      '{"\\u0075ser_id":"a","event":"b","timestamp":-0}',
    ];
    for (const line of lines) expect((await http.post(line)).status).toBe(200);
    expect(await archivedLines(folder.in('data'), '@http')).toEqual(lines);
    expect(({} as { x?: number }).x).toBeUndefined();
  });
});

describe('refused', () => {
  test.each([
    ['what is no HTTP', 'hello there\r\n\r\n', 400],
    ['no Host', 'GET /healthz HTTP/1.1\r\n\r\n', 400],
    [
      'a length and chunks at once',
      `POST /log HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      400,
    ],
    [
      'two lengths',
      'POST /log HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello',
      400,
    ],
    ['a negative length', 'POST /log HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n', 400],
    [
      'a chunk that is none',
      `POST /log HTTP/1.1\r\nHost: x\r\n${JSON_TYPE}Transfer-Encoding: chunked\r\n\r\nzz\r\n`,
      400,
    ],
    ['a head too long', `GET /healthz HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(20_000)}\r\n\r\n`, 431],
    ['a path that can’t be decoded', 'GET /users/%ff/logs HTTP/1.1\r\nHost: x\r\n\r\n', 400],
    ['a TLS greeting', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 400],
  ])('%s', async (_, bytes, status) => {
    await using folder = await temporaryFolder();
    await using http = await httpReceiver(folder);
    using client = new RawClient(http.port);
    client.socket.write(Buffer.from(bytes, 'latin1'));
    await client.answered(1);
    expect(client.statuses).toEqual([status]);
    await expectAlive(http);
  });
});

describe('given up', () => {
  test.each([
    ['a connection on which nothing comes', ''],
    ['a head that does not end', 'POST /log HTTP/1.1\r\nHost: x\r\n'],
    [
      'a body that does not end',
      `POST /log HTTP/1.1\r\nHost: x\r\n${JSON_TYPE}Content-Length: 100\r\n\r\n{"user_id"`,
    ],
  ])('%s', async (_, bytes) => {
    await using folder = await temporaryFolder();
    await using http = await httpReceiver(folder, {
      listener: { requestTimeoutMs: 300, idleTimeoutMs: 300 },
    });
    using client = new RawClient(http.port);
    client.socket.write(bytes);
    await client.closed();
    if (bytes !== '') expect(client.statuses).toEqual([408]);
    await expectAlive(http);
  });

  test('a client that leaves in the middle of its body: nothing is kept, nothing is held', async () => {
    await using folder = await temporaryFolder();
    await using http = await httpReceiver(folder);
    for (let n = 0; n < 20; n += 1) {
      using client = new RawClient(http.port);
      await once(client.socket, 'connect');
      client.socket.write(request(event(n)).slice(0, -5));
      await new Promise(setImmediate);
    }
    await until('all are gone', async () => (await http.get('/metrics')).text.includes('requests_open 1\n'));
    expect(http.receiver.ledger).toMatchObject({ received: 0, inHand: 0 });
  });

  test('connections past the limits', async () => {
    await using folder = await temporaryFolder();
    const { log, lines } = collectLogs();
    await using http = await httpReceiver(folder, { listener: { maxConnectionsPerAddress: 3 }, log });
    const clients = Array.from({ length: 3 }, () => new RawClient(http.port));
    await Promise.all(clients.map((client) => once(client.socket, 'connect')));
    using late = new RawClient(http.port);
    await late.closed();
    expect(lines.some(({ msg }) => msg.includes('MAX_CONNECTIONS_PER_ADDRESS'))).toBe(true);
    for (const client of clients) client[Symbol.dispose]();
    await until(
      'there is room again',
      async () => (await http.get('/healthz').catch(() => undefined))?.status === 200,
    );
  });
});

test('a stop answers what has been asked, and closes idle connections', async () => {
  await using folder = await temporaryFolder();
  await using http = await httpReceiver(folder);
  using idle = new RawClient(http.port);
  await once(idle.socket, 'connect');
  const asked = Array.from({ length: 20 }, () => new RawClient(http.port));
  for (const [n, client] of asked.entries()) {
    client.socket.write(request(event(n)).slice(0, -5));
  }
  await until('all are asked', async () => (await http.get('/metrics')).text.includes('requests_open 21\n'));
  const stopped = http.receiver[Symbol.asyncDispose]();
  for (const [n, client] of asked.entries()) client.socket.write(request(event(n)).slice(-5));
  await stopped;
  await Promise.all(asked.map((client) => client.closed()));
  expect(asked.map(({ statuses }) => statuses)).toEqual(asked.map(() => [200]));
  expect(await archivedLines(folder.in('data'), '@http')).toHaveLength(20);
});
