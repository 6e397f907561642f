/** Whatever strangers do a hundred times, the log has a few lines of it, and these stand for all hundred. */
import { expect, test } from 'vitest';
import type { Receiver } from '../../src/receiver/receiver.ts';
import { Authority, serverTls } from '../helpers/certificates.ts';
import { collectLogs, type LogLine } from '../helpers/logs.ts';
import { HELLO, batchFrame, frame, openFrame, rawPeer, shipperPeer, typed } from '../helpers/raw_peer.ts';
import { testReceiver, type ReceiverWishes } from '../helpers/receivers.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';
import { until } from '../helpers/until.ts';

const TIMES = 100;

type Flood = (receiver: Receiver) => Promise<unknown>;

/** A hundred connections, one after the other; each sends this and is closed for it. */
const connections =
  (...pieces: Buffer[]): Flood =>
  async ({ port }) => {
    for (let n = 0; n < TIMES; n += 1) {
      await using peer = await rawPeer(port);
      peer.send(...pieces);
      await peer.ended();
    }
  };

/** One connection that sends these hundred frames and is let be. */
const frames =
  (frameOf: (n: number) => Buffer, ...before: Buffer[]): Flood =>
  async ({ port }) => {
    await using peer = await rawPeer(port);
    peer.send(...before, ...Array.from({ length: TIMES }, (_, n) => frameOf(n + 1)));
    peer.socket.end();
    await peer.ended();
  };

const takenOver: Flood = async ({ port }) => {
  for (let n = 0; n <= TIMES; n += 1) await shipperPeer(port, 'wanted').then(({ socket }) => socket.unref());
};

const TOKENS: ReceiverWishes = { access: { tokens: ['secret'], areIdsBound: false } };

test.each<[string, Flood, RegExp, ReceiverWishes?]>([
  ['connections past MAX_CONNECTIONS', connections(), /\(MAX_CONNECTIONS\)/, { maxConnections: 0 }],
  [
    'connections past MAX_CONNECTIONS_PER_ADDRESS',
    connections(),
    /\(MAX_CONNECTIONS_PER_ADDRESS\)/,
    { maxConnectionsPerAddress: 0 },
  ],
  ['frames of an unknown type', connections(frame(0xff)), /^connection closed: .*type/],
  ['bad greetings', connections(typed('HELLO', '[1]')), /^connection closed: .*HELLO/],
  ['plain frames that are no JSON', connections(frame(0, 'x')), /^connection closed: .*JSON/],
  ['plain peers without a token', connections(frame(0, '[]')), /^connection closed: .*AUTH_TOKENS/, TOKENS],
  ['shippers without a token', connections(HELLO, openFrame('a')), /^connection closed: .*token/, TOKENS],
  ['shippers that open', connections(HELLO, openFrame('a'), typed('BYE', '{}')), /^shipper connected/],
  ['shippers that take over', takenOver, /^connection closed: .*took over/],
  [
    'rejected batches',
    frames((sequence) => batchFrame({ sequence, crc: 1 }), HELLO, openFrame('a')),
    /^batch rejected/,
  ],
  [
    'gaps',
    frames((n) => typed('GAP', `{"from":${n},"to":${n},"entries":1,"reason":"x"}`), HELLO, openFrame('a')),
    /^shipper says it dropped batches/,
  ],
  ['elements that are no entries', frames(() => frame(0, '[7]')), /kept in rejected/],
])('%s', async (_, flood, message, wishes = {}) => {
  await using folder = await temporaryFolder();
  await expectFewLines(folder.path, flood, message, wishes);
});

test('failed TLS handshakes', async () => {
  await using folder = await temporaryFolder();
  const server = await (await Authority.create(folder.path)).signServer();
  const wishes = { tls: serverTls(server) };
  await expectFewLines(folder.in('data'), connections(frame(0, '[]')), /no TLS handshake/, wishes);
});

/** Of `TIMES` lines with this message at most one a second and a few are there; they stand for all, also those held at the end. */
async function expectFewLines(
  folder: string,
  flood: Flood,
  message: RegExp,
  wishes: ReceiverWishes,
): Promise<void> {
  const { log, lines } = collectLogs();
  const found = (): LogLine[] => lines.filter(({ level, msg }) => level >= 30 && message.test(msg));
  const startedAt = performance.now();
  {
    await using receiver = await testReceiver(folder, { ...wishes, log });
    await flood(receiver);
    await until('all have happened', () => lines.filter(({ msg }) => message.test(msg)).length >= TIMES);
  }
  const seconds = (performance.now() - startedAt) / 1000;
  expect(found().length).toBeLessThanOrEqual(2 + seconds);
  expect(found().reduce((sum, { times }) => sum + ((times as number | undefined) ?? 1), 0)).toBe(TIMES);
}
