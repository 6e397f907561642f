import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { connect as connectTls, type SecureVersion } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Authority, serverTls, type Certificate } from '../helpers/certificates.ts';
import { collectLogs } from '../helpers/logs.ts';
import { HELLO, frame, openFrame, typed } from '../helpers/raw_peer.ts';
import { archivedLines, testReceiver } from '../helpers/receivers.ts';
import { linesSource, neverStop, numbered, testShipper, type ShipperWishes } from '../helpers/shippers.ts';
import { temporaryFolder, type TemporaryFolder } from '../helpers/temp_folder.ts';
import { until } from '../helpers/until.ts';

let folder: TemporaryFolder;
let ca: Authority, otherCa: Authority;
let server: Certificate, elsewhere: Certificate, expired: Certificate, web: Certificate, db: Certificate;
let nameless: Certificate, stranger: Certificate;

beforeAll(async () => {
  folder = await temporaryFolder();
  [ca, otherCa] = await Promise.all([
    Authority.create(folder.path),
    Authority.create(folder.path, 'other-ca'),
  ]);
  server = await ca.signServer();
  elsewhere = await ca.sign({ name: 'elsewhere', names: 'DNS:elsewhere.example' });
  expired = await ca.sign({ name: 'expired', names: 'IP:127.0.0.1', days: -1 });
  web = await ca.sign({ name: 'web' });
  db = await ca.sign({ name: 'db' });
  nameless = await ca.sign({ name: '', names: 'DNS:nameless.example' });
  stranger = await otherCa.sign({ name: 'web' });
});
afterAll(() => folder[Symbol.asyncDispose]());

/** Ships two hundred entries by TLS. */
async function ship(port: number, tls: object, dial: ShipperWishes['dial'] = {}): Promise<void> {
  await using state = await temporaryFolder();
  await testShipper({
    port,
    source: linesSource(numbered(200)),
    stateFolder: state.path,
    dial: { delivery: 'acked', tls, ...dial },
  }).run(neverStop());
}

const shown = ({ cert, key }: Certificate): object => ({ cert, key, ca: ca.cert });

describe('by TLS', () => {
  test.each(['acked', 'plain'] as const)('everything arrives: %s', async (delivery) => {
    await using data = await temporaryFolder();
    const receiver = await testReceiver(data.path, { tls: serverTls(server) });
    await ship(receiver.port, { ca: ca.cert }, { delivery });
    await receiver[Symbol.asyncDispose]();
    expect(await archivedLines(data.path)).toEqual(numbered(200));
    expect(receiver.ledger.errors).toEqual({});
  });

  test('a token is shown, and one that is missing or wrong is an error', async () => {
    await using data = await temporaryFolder();
    const access = { tokens: ['good'], areIdsBound: false };
    await using receiver = await testReceiver(data.path, { tls: serverTls(server), access });
    await ship(receiver.port, { ca: ca.cert }, { token: 'good' });
    await expect(ship(receiver.port, { ca: ca.cert })).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining('AUTH_TOKEN') as string,
    });
    await expect(ship(receiver.port, { ca: ca.cert }, { token: 'bad' })).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining('unauthorized') as string,
    });
  });

  test.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'with %s, a peer that ended its side still gets its answers',
    async (version) => {
      await using data = await temporaryFolder();
      await using receiver = await testReceiver(data.path, { tls: serverTls(server) });
      const socket = connectTls({ port: receiver.port, host: '127.0.0.1', ca: ca.cert, maxVersion: version });
      socket.allowHalfOpen = true;
      const pieces: Buffer[] = [];
      socket.on('data', (piece: Buffer) => pieces.push(piece));
      await once(socket, 'secureConnect');
      socket.end(Buffer.concat([HELLO, openFrame('half-open'), typed('PING', 'alive')]));
      await once(socket, 'close');
      expect(socket.getProtocol() ?? version).toBe(version);
      expect(Buffer.concat(pieces).includes('alive')).toBe(true);
    },
  );

  test.each(['TLSv1', 'TLSv1.1'] as SecureVersion[])('%s is too old', async (version) => {
    await using data = await temporaryFolder();
    await using receiver = await testReceiver(data.path, { tls: serverTls(server) });
    const socket = connectTls({
      port: receiver.port,
      host: '127.0.0.1',
      ca: ca.cert,
      minVersion: version,
      maxVersion: version,
      ciphers: 'DEFAULT@SECLEVEL=0',
    });
    await expect(once(socket, 'secureConnect')).rejects.toThrow();
    await until('it is counted', () => receiver.ledger.errors.tls === 1);
  });

  test('a connection that greets in TLS and then says nothing is closed by IDLE_TIMEOUT', async () => {
    await using data = await temporaryFolder();
    await using receiver = await testReceiver(data.path, {
      tls: serverTls(server),
      limits: { idleTimeoutMs: 100 },
    });
    const socket = connectTls({ port: receiver.port, host: '127.0.0.1', ca: ca.cert });
    socket.resume();
    await once(socket, 'close');
    expect(receiver.ledger.errors).toEqual({ timeout: 1 });
  });
});

describe('who is not the receiver it should be is not shipped to, and that is final', () => {
  test.each([
    ['one of another authority', () => server, () => ({ ca: otherCa.cert }), /certificate/],
    ['one the system does not know', () => server, () => ({}), /certificate/],
    [
      'one for another name',
      () => elsewhere,
      () => ({ ca: ca.cert }),
      /127\.0\.0\.1.*(altnames|cert's list)/,
    ],
    [
      'one for another name than TLS_SERVER_NAME',
      () => server,
      () => ({ ca: ca.cert, serverName: 'logs.example' }),
      /logs\.example/,
    ],
    ['one that has expired', () => expired, () => ({ ca: ca.cert }), /expired/],
  ])('%s', async (_, certificate, tls, reason) => {
    await using data = await temporaryFolder();
    await using receiver = await testReceiver(data.path, { tls: serverTls(certificate()) });
    await expect(ship(receiver.port, tls())).rejects.toMatchObject({
      code: 'tls',
      message: expect.stringMatching(reason) as string,
    });
    expect(receiver.ledger.received).toBe(0);
  });

  test('TLS_SERVER_NAME is the name that counts', async () => {
    await using data = await temporaryFolder();
    await using receiver = await testReceiver(data.path, { tls: serverTls(elsewhere) });
    await ship(receiver.port, { ca: ca.cert, serverName: 'elsewhere.example' });
  });
});

test('a connection that breaks during the handshake is tried again', async () => {
  await using data = await temporaryFolder();
  await using receiver = await testReceiver(data.path, { tls: serverTls(server) });
  const calls = { count: 0 };
  const proxy = createServer((socket) => {
    calls.count += 1;
    if (calls.count <= 2) return socket.resetAndDestroy();
    const onward = connect(receiver.port, '127.0.0.1');
    socket
      .on('error', () => onward.destroy())
      .pipe(onward)
      .on('error', () => socket.destroy())
      .pipe(socket);
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  await ship((proxy.address() as AddressInfo).port, { ca: ca.cert });
  expect(calls.count).toBe(3);
  proxy.close();
});

describe('on a TLS port', () => {
  test.each([
    ['a plain peer', frame(0, '[{"a":1}]')],
    ['a shipper without TLS', HELLO],
    ['garbage', Buffer.from('garbage '.repeat(100))],
    ['the beginning of a handshake, and an end', Buffer.from('16030100f8010000', 'hex')],
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['nothing, and an end', Buffer.alloc(0)],
  ])('%s is closed and counted; who is connected goes on', async (_, bytes) => {
    await using data = await temporaryFolder();
    const { log, lines } = collectLogs();
    await using receiver = await testReceiver(data.path, { tls: serverTls(server), log });
    const witness = connectTls({ port: receiver.port, host: '127.0.0.1', ca: ca.cert });
    await once(witness, 'secureConnect');
    const socket = connect(receiver.port, '127.0.0.1')
      .on('error', () => undefined)
      .resume();
    socket.end(bytes);
    await once(socket, 'close');
    await until('it is counted', () => receiver.ledger.errors.tls === 1);
    expect(lines.filter(({ code }) => code === 'tls')).toMatchObject([
      { peer: expect.stringMatching(/^127\.0\.0\.1:\d+$/) as string },
    ]);
    witness.write(Buffer.concat([HELLO, openFrame('witness')]));
    const [answer] = (await once(witness, 'data')) as [Buffer];
    expect(answer.length).toBeGreaterThan(5);
    expect(receiver.ledger.connectionsTotal).toBe(1);
    witness.destroy();
  });

  test('a handshake that does not go on does not hold up a stop', async () => {
    await using data = await temporaryFolder();
    const receiver = await testReceiver(data.path, { tls: serverTls(server) });
    const socket = connect(receiver.port, '127.0.0.1')
      .on('error', () => undefined)
      .resume();
    await once(socket, 'connect');
    socket.write(Buffer.from('160301', 'hex'));
    await ship(receiver.port, { ca: ca.cert });
    await Promise.all([receiver[Symbol.asyncDispose](), once(socket, 'close')]);
  });
});

describe('where client certificates are demanded', () => {
  test('one of the authority lets in, none and another do not', async () => {
    await using data = await temporaryFolder();
    const { log, at } = collectLogs();
    await using receiver = await testReceiver(data.path, { tls: serverTls(server, ca), log });
    await ship(receiver.port, shown(web));
    await expect(ship(receiver.port, { ca: ca.cert })).rejects.toMatchObject({
      code: 'tls',
      message: expect.stringContaining('certificate required') as string,
    });
    expect(receiver.ledger.errors.tls).toBe(1);
    const stop = new AbortController();
    await using state = await temporaryFolder();
    const refused = testShipper({
      port: receiver.port,
      source: linesSource(numbered(5)),
      stateFolder: state.path,
      dial: { delivery: 'acked', tls: shown(stranger) },
    }).run(stop.signal);
    refused.catch(() => stop.abort());
    await until('the other is refused', () => (receiver.ledger.errors.tls ?? 0) >= 2);
    stop.abort();
    await expect(refused).rejects.toThrow();
    expect(at('warn').at(-1)).toMatch(/certificate is not accepted/);
    expect(await archivedLines(data.path)).toEqual(numbered(200));
  });

  test('a shipper id is bound to the subject: a renewed certificate is the same, another is refused', async () => {
    await using data = await temporaryFolder();
    const access = { tokens: [], areIdsBound: true };
    await using receiver = await testReceiver(data.path, { tls: serverTls(server, ca), access });
    const renewed = await ca.sign({ name: 'web' });
    await ship(receiver.port, shown(web));
    await ship(receiver.port, shown(renewed));
    await expect(ship(receiver.port, shown(db))).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining('AUTH_BIND_IDS') as string,
    });
    await ship(receiver.port, shown(db), { shipperId: 'db' });
    await ship(receiver.port, shown(nameless), { shipperId: 'nameless' });
    const other = await ca.sign({ name: '', names: 'DNS:nameless.example' });
    await expect(ship(receiver.port, shown(other), { shipperId: 'nameless' })).rejects.toMatchObject({
      code: 'refused',
    });
  });
});

test.each([
  ['a key of another certificate', () => ({ cert: server.cert, key: web.key }), /no pair/],
  [
    'a certificate that is none',
    () => ({ cert: 'garbage', key: server.key }),
    /TLS_CERT holds no certificate/,
  ],
  [
    'an authority that is none',
    () => ({ ...serverTls(server), ca: 'garbage' }),
    /TLS_CA holds no certificate/,
  ],
])('%s stops the start, and changes nothing later', async (_, material, reason) => {
  await using data = await temporaryFolder();
  await expect(testReceiver(data.path, { tls: material() })).rejects.toThrow(reason);
  await using receiver = await testReceiver(data.path, { tls: serverTls(server) });
  expect(() => receiver.replaceCertificate(material())).toThrow(reason);
  await ship(receiver.port, { ca: ca.cert });
});
