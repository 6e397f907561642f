import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import type { AccessOptions } from '../../src/receiver/access.ts';
import { collectLogs } from '../helpers/logs.ts';
import { HELLO, acknowledged, batchFrame, frame, rawPeer, typed, type RawPeer } from '../helpers/raw_peer.ts';
import { archivedLines, testReceiver } from '../helpers/receivers.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';
import { until } from '../helpers/until.ts';

const ACCESS: AccessOptions = { tokens: ['first-token', 'second-token'], areIdsBound: false };

const open = (members: object): Buffer =>
  typed('OPEN', JSON.stringify({ shipperId: 'web-1', epoch: null, ...members }));

/** Greets, and opens with this token. */
async function peerWith(port: number, members: object): Promise<RawPeer> {
  const peer = await rawPeer(port);
  peer.send(HELLO, open(members));
  return peer;
}

describe('a receiver with tokens', () => {
  test.each(ACCESS.tokens)('lets in who shows one of them: %s', async (token) => {
    await using folder = await temporaryFolder();
    await using receiver = await testReceiver(folder.path, { access: ACCESS });
    await using peer = await peerWith(receiver.port, { token });
    await peer.next('READY');
    expect(peer.messages('WELCOME')[0]).toMatchObject({ tokenWanted: true });
    peer.send(batchFrame());
    await until('it is acknowledged', () => acknowledged(peer) === 1);
    expect(receiver.ledger.errors).toEqual({});
  });

  test.each([
    ['none', {}],
    ['another', { token: 'third-token' }],
    ['an empty one', { token: '' }],
    ['the beginning of one', { token: 'first-toke' }],
    ['one and more', { token: 'first-token2' }],
    ['both at once', { token: 'first-token,second-token' }],
    ['one in capitals', { token: 'FIRST-TOKEN' }],
    ['a long one', { token: 'x'.repeat(15_000) }],
  ])('refuses who shows %s, and counts that', async (_, members) => {
    await using folder = await temporaryFolder();
    const { log, lines } = collectLogs();
    await using receiver = await testReceiver(folder.path, { access: ACCESS, log });
    await using peer = await peerWith(receiver.port, members);
    peer.send(batchFrame());
    await peer.ended();
    expect(peer.messages('ERROR')[0]).toMatchObject({ code: 'unauthorized' });
    expect(peer.messages('READY')).toEqual([]);
    expect(receiver.ledger).toMatchObject({ received: 0, errors: { unauthorized: 1 } });
    const told = lines.filter(({ code }) => code === 'unauthorized');
    expect(told).toHaveLength(1);
    expect(told[0]?.peer).toMatch(/^127\.0\.0\.1:\d+$/);
  });

  test('does not let a stranger take over the id of a shipper that is in', async () => {
    await using folder = await temporaryFolder();
    await using receiver = await testReceiver(folder.path, { access: ACCESS });
    await using peer = await peerWith(receiver.port, { token: 'first-token' });
    await peer.next('READY');
    await using stranger = await peerWith(receiver.port, { token: 'guess' });
    await stranger.ended();
    peer.send(batchFrame());
    await until('the shipper ships on', () => acknowledged(peer) === 1);
  });

  test.each([
    ['a token that is no text', open({ token: 7 }), 'bad_message'],
    ['an OPEN that is no JSON', typed('OPEN', '{"token":"first-token"'), 'bad_message'],
    ['a BATCH in place of OPEN', batchFrame(), 'unexpected_type'],
    ['a PLAIN frame after HELLO', typed('PLAIN', '[{"a":1}]'), 'unauthorized'],
    ['the header of a frame too long for a stranger', frame(0x28, '', 20_000), 'unauthorized'],
  ])('tells %s what is wrong', async (_, bytes, code) => {
    await using folder = await temporaryFolder();
    await using receiver = await testReceiver(folder.path, { access: ACCESS });
    await using peer = await rawPeer(receiver.port);
    peer.send(HELLO, bytes);
    await peer.ended();
    expect(peer.messages('ERROR')[0]).toMatchObject({ code });
    expect(receiver.ledger.errors).toEqual({ [code]: 1 });
    expect(await archivedLines(folder.path)).toEqual([]);
  });

  test('takes frames of full length once a token was shown', async () => {
    await using folder = await temporaryFolder();
    await using receiver = await testReceiver(folder.path, { access: ACCESS });
    await using peer = await peerWith(receiver.port, { token: 'first-token' });
    await peer.next('READY');
    peer.send(batchFrame({ text: `{"long":"${'x'.repeat(100_000)}"}\n` }));
    await until('it is acknowledged', () => acknowledged(peer) === 1);
  });

  test('knows a token at whatever byte HELLO and OPEN are cut', async () => {
    await using folder = await temporaryFolder();
    await using receiver = await testReceiver(folder.path, { access: ACCESS });
    const bytes = Buffer.concat([HELLO, open({ token: 'second-token' })]);
    for (let cut = 1; cut < bytes.length; cut += 1) {
      await using peer = await rawPeer(receiver.port);
      peer.send(bytes.subarray(0, cut));
      await new Promise(setImmediate);
      peer.send(bytes.subarray(cut));
      await peer.next('READY');
    }
    expect(Object.keys(receiver.ledger.errors).filter((code) => code !== 'taken_over')).toEqual([]);
  });
});

describe('a plain peer, where tokens are wanted, is refused without a byte', () => {
  test.each([
    ['with a small batch', frame(0, '[{"a":1}]')],
    ['with an empty batch', frame(2, '[]')],
    ['with a gzip frame that is no gzip', frame(3, 'garbage')],
    ['at the header of a large one', frame(0, '', 200_000)],
  ])('%s', async (_, bytes) => {
    await using folder = await temporaryFolder();
    const { log, lines } = collectLogs();
    const receiver = await testReceiver(folder.path, { access: ACCESS, log });
    await using peer = await rawPeer(receiver.port);
    peer.send(bytes);
    await peer.ended();
    expect(peer.bytesReceived).toBe(0);
    expect(receiver.ledger).toMatchObject({ received: 0, errors: { unauthorized: 1 } });
    const told = lines.filter(({ level }) => level === 40);
    expect(told).toMatchObject([
      { code: 'unauthorized', peer: expect.stringMatching(/^127\.0\.0\.1:\d+$/) as string },
    ]);
    expect(told[0]?.msg).toContain('AUTH_TOKENS');
    await receiver[Symbol.asyncDispose]();
    expect(await archivedLines(folder.path)).toEqual([]);
  });

  test('and notices: the connection is reset, as an orderly end would be taken for success', async () => {
    await using folder = await temporaryFolder();
    await using receiver = await testReceiver(folder.path, { access: ACCESS });
    const error = await new Promise((resolve) => {
      const socket = connect({ port: receiver.port, host: '127.0.0.1' });
      socket.on('error', resolve).on('close', () => resolve(undefined));
      socket.write(frame(0, '[{"a":1}]'));
    });
    expect(error).toMatchObject({ code: 'ECONNRESET' });
  });
});

describe('new tokens', () => {
  test('let in, the old ones no more, and a connection that came with a withdrawn one is ended', async () => {
    await using folder = await temporaryFolder();
    await using receiver = await testReceiver(folder.path, { access: ACCESS });
    await using first = await peerWith(receiver.port, { token: 'first-token', shipperId: 'a' });
    await using second = await peerWith(receiver.port, { token: 'second-token', shipperId: 'b' });
    await Promise.all([first.next('READY'), second.next('READY')]);
    receiver.replaceTokens(['second-token', 'third-token']);
    await first.ended();
    expect(first.messages('ERROR')[0]).toMatchObject({ code: 'unauthorized' });
    await using third = await peerWith(receiver.port, { token: 'third-token', shipperId: 'c' });
    await third.next('READY');
    await using late = await peerWith(receiver.port, { token: 'first-token', shipperId: 'd' });
    await late.ended();
    second.send(batchFrame());
    await until('who has a token still good ships on', () => acknowledged(second) === 1);
  });
});

describe('a shipper id that is bound', () => {
  const BOUND = { ...ACCESS, areIdsBound: true };

  test('is refused to another token, also after a restart, and to its own it is not', async () => {
    await using folder = await temporaryFolder();
    {
      await using receiver = await testReceiver(folder.path, { access: BOUND });
      await using owner = await peerWith(receiver.port, { token: 'first-token' });
      await owner.next('READY');
      await using other = await peerWith(receiver.port, { token: 'second-token' });
      await other.ended();
      expect(other.messages('ERROR')[0]).toMatchObject({
        code: 'unauthorized',
        reason: expect.stringContaining('AUTH_BIND_IDS') as string,
      });
      owner.send(batchFrame());
      await until('the owner ships on', () => acknowledged(owner) === 1);
    }
    await using receiver = await testReceiver(folder.path, { access: BOUND });
    await using other = await peerWith(receiver.port, { token: 'second-token' });
    await other.ended();
    await using owner = await peerWith(receiver.port, { token: 'first-token' });
    expect(JSON.parse((await owner.next('READY')).payload.toString())).toMatchObject({ sequence: 1 });
    await using another = await peerWith(receiver.port, { token: 'second-token', shipperId: 'web-2' });
    await another.next('READY');
  });
});
