/** What no client should send, and some do: over real sockets. */
import { describe, expect, test } from 'vitest';
import { MESSAGE_TYPE } from '../../../../src/thrift/message.ts';
import { EXCEPTION } from '../../../../src/thrift/thrift_error.ts';
import { TYPE } from '../../../../src/thrift/value_type.ts';
import { collectLogs } from '../../../helpers/logs.ts';
import { archivedLines } from '../../../helpers/receivers.ts';
import { temporaryFolder } from '../../../helpers/temp_folder.ts';
import {
  callMessage,
  logArgument,
  logFields,
  logsArgument,
  readAnswers,
} from '../../../helpers/thrift_messages.ts';
import { RawThrift, WAYS, thriftReceiver, type ThriftReceiver } from '../../../helpers/thrift_receivers.ts';
import { until } from '../../../helpers/until.ts';

const sound = callMessage('sendLog', logArgument(logFields('sound')));

/** It still serves. */
async function expectAlive({ port }: ThriftReceiver): Promise<void> {
  using client = await RawThrift.connect(port);
  client.send(sound);
  await until('an answer', () => client.answered.length > 0);
}

describe.each(WAYS)('$protocol, $transport', ({ protocol, transport }) => {
  const isFramed = transport === 'framed';
  test('a bad message behind good ones: they are answered, it gets an exception, and the connection is closed', async () => {
    await using folder = await temporaryFolder();
    await using server = await thriftReceiver(folder);
    using client = await RawThrift.connect(server.port);
    const good = callMessage('sendLog', logArgument(logFields('good')), {
      protocol,
      isFramed,
      sequenceId: 1,
    });
    const long = 'x'.repeat(64 * 1024 + 1);
    const bad = callMessage('sendLog', logArgument(logFields(long)), { protocol, isFramed, sequenceId: 2 });
    client.send(good, bad, good, good);
    await client.ended();
    expect(readAnswers(client.answered, protocol, isFramed)).toEqual([
      { name: 'sendLog', type: MESSAGE_TYPE.REPLY, sequenceId: 1 },
      {
        name: 'sendLog',
        type: MESSAGE_TYPE.EXCEPTION,
        sequenceId: 2,
        number: EXCEPTION.PROTOCOL_ERROR,
        text: expect.stringContaining('THRIFT_MAX_STRING_BYTES') as string,
      },
    ]);
    expect(server.receiver.ledger.errors).toEqual({ thrift_string_too_large: 1 });
    expect(await archivedLines(folder.in('data'))).toHaveLength(1);
    await expectAlive(server);
  });

  test('a message that is no call, and one that ends in the middle', async () => {
    await using folder = await temporaryFolder();
    await using server = await thriftReceiver(folder);
    using client = await RawThrift.connect(server.port);
    client.send(callMessage('sendLog', [], { protocol, isFramed, type: MESSAGE_TYPE.REPLY }));
    await client.ended();
    expect(readAnswers(client.answered, protocol, isFramed)).toMatchObject([
      { number: EXCEPTION.INVALID_MESSAGE_TYPE },
    ]);
    using half = await RawThrift.connect(server.port);
    const call = callMessage('sendLog', logArgument(logFields('half')), { protocol, isFramed });
    half.socket.end(call.subarray(0, call.length - 2));
    await half.ended();
    await until('it is counted', () => server.receiver.ledger.errors.thrift_bad_message === 1);
    await expectAlive(server);
  });
});

describe('answered, and the connection goes on', () => {
  test.each([
    ['no argument', [], 'argument 1 (logs) is missing'],
    [
      'an argument of another type',
      logArgument(logFields('x')),
      'argument 1 (logs) is a struct, and a list was expected',
    ],
    [
      'a list of something else',
      [{ id: 1, value: { type: TYPE.LIST, of: TYPE.I32, value: [{ type: TYPE.I32, value: 1 }] } }],
      'logs is a list of i32, and of LogEvent was expected',
    ],
    [
      'a wrong field among good events, of which none is kept',
      logsArgument([logFields('good'), [{ id: 1, value: { type: TYPE.STRING, value: 'now' } }]]),
      'logs[1]: a LogEvent is refused: field 1 (timestamp) is a string, and an i64 was expected',
    ],
  ] as const)('%s', async (_, fields, text) => {
    await using folder = await temporaryFolder();
    await using server = await thriftReceiver(folder);
    using client = await RawThrift.connect(server.port);
    client.send(callMessage('sendLogs', fields), sound);
    client.socket.end();
    await client.ended();
    expect(readAnswers(client.answered, 'binary', true)).toMatchObject([
      { type: MESSAGE_TYPE.EXCEPTION, number: EXCEPTION.PROTOCOL_ERROR, text },
      { type: MESSAGE_TYPE.REPLY },
    ]);
    expect(await archivedLines(folder.in('data'))).toHaveLength(1);
  });
});

describe('closed', () => {
  test.each([
    ['a request of HTTP', 'GET / HTTP/1.1\r\n\r\n', 'thrift_not_thrift'],
    ['a length of 2^31-1', '\x7f\xff\xff\xff', 'thrift_message_too_large'],
    ['bytes of nothing', '\xff\xff\xff\xff', 'thrift_not_thrift'],
  ])('%s, without an answer', async (_, bytes, code) => {
    await using folder = await temporaryFolder();
    await using server = await thriftReceiver(folder);
    using client = await RawThrift.connect(server.port);
    client.send(Buffer.from(bytes, 'latin1'));
    await client.ended();
    expect(client.answered).toHaveLength(0);
    expect(server.receiver.ledger.errors).toEqual({ [code]: 1 });
    await expectAlive(server);
  });

  test('a client whose message does not come to its end, however its bytes trickle', async () => {
    await using folder = await temporaryFolder();
    await using server = await thriftReceiver(folder, { limits: { frameTimeoutMs: 300 } });
    using client = await RawThrift.connect(server.port);
    client.send(sound.subarray(0, 20));
    const trickle = setInterval(() => client.socket.write(Buffer.of(0x61)), 20);
    await client.ended();
    clearInterval(trickle);
    expect(server.receiver.ledger.errors).toEqual({ thrift_timeout: 1 });
  });

  test('a client that does not read its answers', async () => {
    await using folder = await temporaryFolder();
    await using server = await thriftReceiver(folder, { limits: { frameTimeoutMs: 300 } });
    using client = await RawThrift.connect(server.port);
    client.socket.pause();
    client.socket.on('error', () => undefined);
    const calls = Buffer.concat(Array<Buffer>(5000).fill(callMessage(`no${'x'.repeat(400)}`, [])));
    const feed = (): void => {
      while (!client.socket.destroyed && client.socket.write(calls));
    };
    client.socket.on('drain', feed);
    feed();
    await until(
      'it is cut off',
      () => server.receiver.ledger.connectionsTotal === 1 && server.receiver.ledger.connections === 0,
    );
    await expectAlive(server);
  });
});

test('an error inside of a service is told without its words, and logged with them', async () => {
  await using folder = await temporaryFolder();
  const logs = collectLogs();
  await using server = await thriftReceiver(folder, {
    log: logs.log,
    services: [
      { name: 'Bad', methods: new Map([['fail', () => Promise.reject(new Error('the password is 123'))]]) },
    ],
  });
  using client = await RawThrift.connect(server.port);
  client.send(callMessage('fail', []), sound);
  client.socket.end();
  await client.ended();
  const answers = readAnswers(client.answered, 'binary', true);
  expect(answers).toMatchObject([{ number: EXCEPTION.INTERNAL_ERROR }, { type: MESSAGE_TYPE.REPLY }]);
  expect(JSON.stringify(answers)).not.toContain('password');
  expect(logs.at('error')).toEqual(['a Thrift call failed: the password is 123']);
});

test('many messages half sent take no more memory than they are, and past a bound are refused', async () => {
  await using folder = await temporaryFolder();
  const maxMessageBytes = 16 * 1024 * 1024;
  const limits = { maxMessageBytes, maxStringBytes: maxMessageBytes };
  await using server = await thriftReceiver(folder, { thriftLimits: limits });
  const header = Buffer.from(
    '00fffff0' + '80010001000000077365' + '6e644c6f6700000001' + '0b000100ffff00',
    'hex',
  );
  const clients = await Promise.all(Array.from({ length: 12 }, () => RawThrift.connect(server.port)));
  const before = process.memoryUsage().rss;
  for (const client of clients) client.send(header);
  await until('all are read', () => server.receiver.ledger.bytesIn === clients.length * header.length);
  expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1024 * 1024);
  const large = Buffer.alloc(15 * 1024 * 1024);
  for (const client of clients) client.socket.write(large);
  await until('some are refused', () => (server.receiver.ledger.errors.thrift_busy ?? 0) > 0);
  for (const client of clients) client[Symbol.dispose]();
  await until('all are gone', () => server.receiver.ledger.connections === 0);
  await expectAlive(server);
});
