import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Line } from '../../src/shipper/line.ts';
import type { ClientTls } from '../../src/shipper/open_socket.ts';
import { encodeWelcome } from '../../src/wire/messages.ts';
import { Authority, serverTls, type Certificate } from '../helpers/certificates.ts';
import { collectLogs } from '../helpers/logs.ts';
import { testReceiver } from '../helpers/receivers.ts';
import { linesSource, neverStop, numbered, testShipper } from '../helpers/shippers.ts';
import { temporaryFolder, type TemporaryFolder } from '../helpers/temp_folder.ts';
import { until } from '../helpers/until.ts';

const HINT = 'it may not accept the certificate of this shipper (TLS_CERT): its log says why';
const WELCOME = encodeWelcome({
  version: 1,
  algorithms: ['gzip'],
  maxFrameBytes: 1024,
  maxBatchBytes: 1024,
  tokenWanted: false,
});

let folder: TemporaryFolder;
let ca: Authority;
let server: Certificate, web: Certificate, stranger: Certificate;
beforeAll(async () => {
  folder = await temporaryFolder();
  ca = await Authority.create(folder.path);
  server = await ca.signServer();
  web = await ca.sign({ name: 'web' });
  stranger = await (await Authority.create(folder.path, 'other-ca')).sign({ name: 'web' });
});
afterAll(() => folder[Symbol.asyncDispose]());

const showing = ({ cert, key }: Certificate): ClientTls => ({ ca: ca.cert, cert, key });

/** Why the line to a receiver that treats HELLO like this was lost. */
async function lostLine(tls: ClientTls, onHello: (socket: TLSSocket) => void): Promise<Error> {
  const receiver = createServer(serverTls(server), (socket) => {
    socket.on('error', () => undefined).once('data', () => onHello(socket));
  });
  receiver.listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  const { port } = receiver.address() as AddressInfo;
  const options = { host: '127.0.0.1', port, delivery: 'acked', helloTimeoutMs: 300 } as const;
  try {
    await Line.dial(
      { ...options, shipperId: 'a', epoch: null, run: { id: 'r', isReturning: false }, tls },
      neverStop(),
    );
  } catch (error) {
    return error as Error;
  } finally {
    receiver.close();
  }
  throw new Error('there is a line');
}

describe('where a certificate is shown, a receiver that hangs up without a word may not accept it', () => {
  test.each<[string, (socket: TLSSocket) => void]>([
    ['ends', (socket) => socket.end()],
    ['breaks', (socket) => socket.destroy()],
  ])('and that is said when it %s', async (_, onHello) => {
    const { message } = await lostLine(showing(web), onHello);
    expect(message).toContain(HINT);
    expect(message).not.toMatch(/^;/);
  });

  test.each<[string, () => ClientTls, (socket: TLSSocket) => void]>([
    ['without one', () => ({ ca: ca.cert }), (socket) => socket.destroy()],
    ['once it has said something', () => showing(web), (socket) => socket.end(WELCOME)],
    ['when it just does not answer', () => showing(web), () => undefined],
  ])('but not %s', async (_, tls, onHello) => {
    expect((await lostLine(tls(), onHello)).message).not.toContain('TLS_CERT');
  });
});

test('a shipper whose certificate is of another authority says so at each attempt, and goes on trying', async () => {
  await using data = await temporaryFolder();
  await using state = await temporaryFolder();
  const refusing = collectLogs();
  await using receiver = await testReceiver(data.path, { tls: serverTls(server, ca), log: refusing.log });
  const shipping = collectLogs();
  const stop = new AbortController();
  const run = testShipper({
    port: receiver.port,
    source: linesSource(numbered(5)),
    stateFolder: state.path,
    dial: { delivery: 'acked', tls: showing(stranger) },
    log: shipping.log,
  }).run(stop.signal);
  run.catch(() => undefined);
  const hints = (): number => shipping.at('warn').filter((line) => line.includes(HINT)).length;
  await until('it has tried three times', () => hints() >= 3);
  stop.abort();
  await expect(run).rejects.toMatchObject({ code: 'closed' });
  expect(hints()).toBe(shipping.at('warn').length);
  expect(refusing.at('warn')[0]).toContain('its certificate is not accepted');
});
