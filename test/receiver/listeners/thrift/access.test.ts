/** Tokens and TLS, as for shippers. */
import { describe, expect, test } from 'vitest';
import { EXCEPTION } from '../../../../src/thrift/thrift_error.ts';
import logEventTypes from '../../../../src/thrift/generated/log_event_types.js';
import { Authority, serverTls } from '../../../helpers/certificates.ts';
import { archivedLines } from '../../../helpers/receivers.ts';
import { temporaryFolder } from '../../../helpers/temp_folder.ts';
import { callMessage, int64, logArgument, logFields, readAnswers } from '../../../helpers/thrift_messages.ts';
import { RawThrift, WAYS, libraryClient, thriftReceiver } from '../../../helpers/thrift_receivers.ts';
import { until } from '../../../helpers/until.ts';

const event = new logEventTypes.LogEvent({
  timestamp: int64(1n),
  service_name: 's',
  host: 'h',
  message: 'm',
});
const access = { tokens: ['right'], areIdsBound: true };

describe('where a token is wanted', () => {
  test.each(WAYS)('a client that shows it is let in: $protocol, $transport', async (way) => {
    await using folder = await temporaryFolder();
    await using server = await thriftReceiver(folder, { access });
    for (const isMultiplexed of [false, true]) {
      using client = libraryClient(server.port, { ...way, isMultiplexed });
      await client.access.authenticate('right');
      await client.logs.sendLog(event);
    }
    expect(await archivedLines(folder.in('data'))).toHaveLength(2);
  });

  test.each(WAYS)(
    'a client that does not is told how to, and closed on: $protocol, $transport',
    async (way) => {
      await using folder = await temporaryFolder();
      await using server = await thriftReceiver(folder, { access });
      using silent = libraryClient(server.port, way);
      await expect(silent.logs.sendLog(event)).rejects.toMatchObject({
        type: EXCEPTION.INTERNAL_ERROR,
        message: expect.stringContaining('call authenticate(token) of LogferryAccess first') as string,
      });
      using wrong = libraryClient(server.port, way);
      await expect(wrong.access.authenticate('wrong')).rejects.toMatchObject({
        reason: 'the token is not one of this receiver',
      });
      await until('both are closed', () => server.receiver.ledger.connections === 0);
      expect(server.receiver.ledger.errors).toEqual({ thrift_unauthorized: 2 });
      expect(await archivedLines(folder.in('data'))).toEqual([]);
    },
  );

  test('nobody is read far without it, and what is sent along behind a wrong one is not taken', async () => {
    await using folder = await temporaryFolder();
    await using server = await thriftReceiver(folder, { access });
    const large = callMessage('sendLog', logArgument(logFields('x'.repeat(20_000))));
    using stranger = await RawThrift.connect(server.port);
    stranger.send(large);
    await stranger.ended();
    expect(readAnswers(stranger.answered, 'binary', true)).toMatchObject([
      { text: 'more than 16384 bytes in a message before a token (AUTH_TOKENS)' },
    ]);
    const show = (value: string): Buffer =>
      callMessage('LogferryAccess:authenticate', [{ id: 1, value: { type: 11, value } }]);
    using liar = await RawThrift.connect(server.port);
    liar.send(show('wrong'), show('right'), large);
    await liar.ended();
    using friend = await RawThrift.connect(server.port);
    friend.send(show('right'), large);
    await until('its entry is stored', () => server.receiver.ledger.stored === 1);
    expect(await archivedLines(folder.in('data'))).toHaveLength(1);
  });

  test('one whose token is withdrawn is ended', async () => {
    await using folder = await temporaryFolder();
    await using server = await thriftReceiver(folder, {
      access: { tokens: ['old', 'kept'], areIdsBound: false },
    });
    using gone = libraryClient(server.port);
    await gone.access.authenticate('old');
    using kept = libraryClient(server.port);
    await kept.access.authenticate('kept');
    server.receiver.replaceTokens(['kept', 'new']);
    await until('one is left', () => server.receiver.ledger.connections === 1);
    await kept.logs.sendLog(event);
    using fresh = libraryClient(server.port);
    await fresh.access.authenticate('new');
    await fresh.logs.sendLog(event);
  });
});

test('where none is wanted, any is taken', async () => {
  await using folder = await temporaryFolder();
  await using server = await thriftReceiver(folder);
  using client = libraryClient(server.port);
  await client.access.authenticate('whatever');
  await client.logs.sendLog(event);
});

test('over TLS, and with a new certificate from the moment it is given', async () => {
  await using folder = await temporaryFolder();
  const [ca, other] = [await Authority.create(folder.path), await Authority.create(folder.path, 'other')];
  await using server = await thriftReceiver(folder, { thriftTls: serverTls(await ca.signServer()) });
  for (const way of WAYS) {
    using client = libraryClient(server.port, { ...way, ca: ca.cert });
    await client.logs.sendLog(event);
  }
  server.receiver.replaceCertificate(serverTls(await other.signServer()));
  using late = libraryClient(server.port, { ca: other.cert });
  await late.logs.sendLog(event);
  expect(await archivedLines(folder.in('data'))).toHaveLength(WAYS.length + 1);
  using plain = await RawThrift.connect(server.port);
  plain.send(callMessage('sendLog', logArgument(logFields('not over TLS'))));
  await plain.ended();
  expect(server.receiver.ledger.errors).toEqual({ tls: 1 });
});
