/** Calls over real sockets: by the `thrift` library, and byte by byte. */
import { describe, expect, test } from 'vitest';
import { MESSAGE_TYPE } from '../../../../src/thrift/message.ts';
import { EXCEPTION } from '../../../../src/thrift/thrift_error.ts';
import type { ThriftService } from '../../../../src/thrift/service.ts';
import { encodeReply } from '../../../../src/thrift/answer.ts';
import { TYPE } from '../../../../src/thrift/value_type.ts';
import logEventTypes from '../../../../src/thrift/generated/log_event_types.js';
import { archivedHeaders, archivedLines, verdictOn } from '../../../helpers/receivers.ts';
import { temporaryFolder } from '../../../helpers/temp_folder.ts';
import {
  callMessage,
  int64,
  logArgument,
  logFields,
  logsArgument,
  readAnswers,
} from '../../../helpers/thrift_messages.ts';
import { RawThrift, WAYS, libraryClient, thriftReceiver } from '../../../helpers/thrift_receivers.ts';
import { until } from '../../../helpers/until.ts';

const event = (message: string, log_level?: string): InstanceType<typeof logEventTypes.LogEvent> =>
  new logEventTypes.LogEvent({
    timestamp: int64(9_223_372_036_854_775_807n),
    service_name: 'billing',
    host: 'h "1"\n',
    message,
    ...(log_level === undefined ? {} : { log_level }),
  });

const lineOf = (message: string, level?: string): string =>
  `{"timestamp":9223372036854775807,"service":"billing","host":"h \\"1\\"\\n","message":"${message}"` +
  `${level === undefined ? '' : `,"level":"${level}"`}}`;

describe('the library', () => {
  test('in every protocol, over every transport, with names of services and without: on one port', async () => {
    await using folder = await temporaryFolder();
    await using server = await thriftReceiver(folder);
    const expected: string[] = [];
    for (const way of WAYS) {
      for (const isMultiplexed of [false, true]) {
        using client = libraryClient(server.port, { ...way, isMultiplexed });
        const name = `${way.protocol} ${way.transport} ${isMultiplexed} é😀`;
        await client.logs.sendLog(event(name, 'WARN'));
        expect(await client.logs.sendLogs([event(`${name} 1`), event(`${name} 2`, '')])).toBe(2);
        expect(await client.logs.sendLogs([])).toBe(0);
        expected.push(lineOf(name, 'WARN'), lineOf(`${name} 1`), lineOf(`${name} 2`, ''));
        expect(await archivedLines(folder.in('data'))).toEqual(expected);
      }
    }
    const { ledger } = server.receiver;
    expect(ledger).toMatchObject({ received: expected.length, stored: expected.length, inHand: 0 });
    expect(ledger.thrift).toMatchObject({ open: 0, entries: expected.length });
    await server[Symbol.asyncDispose]();
    expect((await verdictOn(folder.in('data'))).code).toBe(0);
  });

  test('many calls at once of many clients, each stored in one block', async () => {
    await using folder = await temporaryFolder();
    await using server = await thriftReceiver(folder);
    const clients = WAYS.map((way) => libraryClient(server.port, way));
    const sent: string[] = [];
    await Promise.all(
      clients.flatMap(({ logs }, client) =>
        Array.from({ length: 20 }, (_, call) => {
          const names = Array.from({ length: 5 }, (_entry, n) => `${client}-${call}-${n}`);
          sent.push(...names.map((name) => lineOf(name)));
          return logs.sendLogs(names.map((name) => event(name)));
        }),
      ),
    );
    for (const client of clients) client[Symbol.dispose]();
    const lines = await archivedLines(folder.in('data'));
    expect(lines.toSorted()).toEqual(sent.toSorted());
    // Those of a call lie side by side, as they came.
    for (let n = 0; n < lines.length; n += 5)
      expect(lines.slice(n, n + 5)).toEqual(sent.slice(...sliceOf(sent.indexOf(lines[n] ?? ''))));
    const blocks = await archivedHeaders(folder.in('data'), '@thrift');
    expect(blocks.length).toBeLessThan(clients.length * 20);
  });

  test('is told what is wrong, and goes on', async () => {
    await using folder = await temporaryFolder();
    await using server = await thriftReceiver(folder, { limits: { maxEntryBytes: 300 } });
    for (const way of WAYS) {
      using client = libraryClient(server.port, way);
      await expect(client.logs.sendLogs([event('1'), event('x'.repeat(300))])).rejects.toMatchObject({
        type: EXCEPTION.PROTOCOL_ERROR,
        message: expect.stringMatching(
          /^logs\[1\]: a LogEvent is refused: it takes \d+ bytes .*MAX_ENTRY_BYTES/,
        ) as string,
      });
      await client.logs.sendLog(event(`${way.protocol} ${way.transport}`));
    }
    const stored = WAYS.map(({ protocol, transport }) => lineOf(`${protocol} ${transport}`));
    expect(await archivedLines(folder.in('data'))).toEqual(stored);
    expect(server.receiver.ledger.errors).toEqual({ thrift_refused: WAYS.length });
  });
});

const sliceOf = (start: number): [number, number] => [start, start + 5];

describe('byte by byte', () => {
  test.each(WAYS)(
    'a call in pieces of one byte is answered: $protocol, $transport',
    async ({ protocol, transport }) => {
      await using folder = await temporaryFolder();
      await using server = await thriftReceiver(folder);
      using client = await RawThrift.connect(server.port);
      const isFramed = transport === 'framed';
      const call = callMessage('sendLog', logArgument(logFields('slow')), {
        protocol,
        isFramed,
        sequenceId: 77,
      });
      for (const byte of call) {
        client.send(Buffer.of(byte));
        await new Promise(setImmediate);
      }
      await until('an answer', () => client.answered.length > 0);
      expect(readAnswers(client.answered, protocol, isFramed)).toEqual([
        { name: 'sendLog', type: MESSAGE_TYPE.REPLY, sequenceId: 77 },
      ]);
      expect(await archivedLines(folder.in('data'))).toHaveLength(1);
    },
  );

  test.each(WAYS)(
    'calls sent together are answered in their order, half-closed or not: $protocol, $transport',
    async ({ protocol, transport }) => {
      await using folder = await temporaryFolder();
      await using server = await thriftReceiver(folder);
      using client = await RawThrift.connect(server.port);
      const isFramed = transport === 'framed';
      const calls = Array.from({ length: 200 }, (_, n) =>
        n % 3 === 2
          ? callMessage('noSuch', [], { protocol, isFramed, sequenceId: n })
          : callMessage('sendLogs', logsArgument([logFields(`m${n}`)]), {
              protocol,
              isFramed,
              sequenceId: n,
            }),
      );
      client.socket.end(Buffer.concat(calls));
      await client.ended();
      expect(readAnswers(client.answered, protocol, isFramed)).toEqual(
        calls.map((_, n) =>
          n % 3 === 2
            ? {
                name: 'noSuch',
                type: MESSAGE_TYPE.EXCEPTION,
                sequenceId: n,
                text: 'there is no method noSuch here',
                number: EXCEPTION.UNKNOWN_METHOD,
              }
            : { name: 'sendLogs', type: MESSAGE_TYPE.REPLY, sequenceId: n, number: 1 },
        ),
      );
      expect(await archivedLines(folder.in('data'))).toHaveLength(134);
    },
  );

  test('a oneway call is carried out, and gets no answer', async () => {
    await using folder = await temporaryFolder();
    await using server = await thriftReceiver(folder);
    using client = await RawThrift.connect(server.port);
    const oneway = { type: MESSAGE_TYPE.ONEWAY };
    client.send(
      callMessage('sendLog', logArgument(logFields('oneway')), oneway),
      callMessage('sendLog', logArgument([{ id: 1, value: { type: TYPE.BOOL, value: true } }]), oneway),
      callMessage('noSuch', [], oneway),
      callMessage('sendLogs', logsArgument([]), { sequenceId: 9 }),
    );
    await until('an answer', () => client.answered.length > 0);
    client.socket.end();
    await client.ended();
    expect(readAnswers(client.answered, 'binary', true)).toEqual([
      { name: 'sendLogs', type: MESSAGE_TYPE.REPLY, sequenceId: 9, number: 0 },
    ]);
    expect(await archivedLines(folder.in('data'))).toHaveLength(1);
  });
});

test('a client with much in hand is not read, and goes on when it is less', async () => {
  await using folder = await temporaryFolder();
  const held = Promise.withResolvers<void>();
  const slow: ThriftService = {
    name: 'Slow',
    methods: new Map([['wait', (call) => held.promise.then(() => encodeReply(call, []))]]),
  };
  await using server = await thriftReceiver(folder, { services: [slow] });
  // However this test ends: a stop waits for what is in hand.
  using stack = new DisposableStack();
  stack.defer(() => held.resolve());
  const { ledger } = server.receiver;
  using client = await RawThrift.connect(server.port);
  const call = callMessage('wait', [{ id: 1, value: { type: TYPE.STRING, value: 'x'.repeat(50_000) } }]);
  for (let n = 0; n < 400; n += 1) client.send(call);
  client.socket.end();
  await until('much is in hand', () => ledger.bytesIn > 4_000_000);
  using other = await RawThrift.connect(server.port);
  other.send(callMessage('sendLog', logArgument(logFields('meanwhile'))));
  await until('another client is answered', () => other.answered.length > 0);
  expect(ledger.bytesIn).toBeLessThan(5 * 1024 * 1024);
  held.resolve();
  await client.ended();
  expect(readAnswers(client.answered, 'binary', true)).toHaveLength(400);
});

describe('an end', () => {
  test('of the receiver: what is in hand is answered, then connections are closed', async () => {
    await using folder = await temporaryFolder();
    const held = Promise.withResolvers<void>();
    const slow: ThriftService = {
      name: 'Slow',
      methods: new Map([
        ['wait', (call) => held.promise.then(() => encodeReply(call, [{ id: 0, value: 5 }]))],
      ]),
    };
    await using server = await thriftReceiver(folder, { services: [slow] });
    using idle = await RawThrift.connect(server.port);
    using client = await RawThrift.connect(server.port);
    client.send(callMessage('Slow:wait', []), callMessage('sendLog', logArgument(logFields('behind it'))));
    await until('both calls are in hand', () => server.receiver.ledger.thrift.open === 2);
    const stopped = server[Symbol.asyncDispose]();
    await idle.ended();
    expect(client.isEnded).toBe(false);
    held.resolve();
    await client.ended();
    await stopped;
    expect(readAnswers(client.answered, 'binary', true)).toMatchObject([
      { name: 'wait', number: 5 },
      { name: 'sendLog', type: MESSAGE_TYPE.REPLY },
    ]);
  });

  test('of a connection on which nothing is asked comes after a while', async () => {
    await using folder = await temporaryFolder();
    await using server = await thriftReceiver(folder, { thriftLimits: { idleTimeoutMs: 50 } });
    using client = await RawThrift.connect(server.port);
    client.send(callMessage('sendLog', logArgument(logFields('one'))));
    await client.ended();
    expect(readAnswers(client.answered, 'binary', true)).toHaveLength(1);
    expect(server.receiver.ledger.errors).toEqual({});
  });

  test('of a client that leaves with calls in hand loses nothing that was begun', async () => {
    await using folder = await temporaryFolder();
    await using server = await thriftReceiver(folder);
    using client = await RawThrift.connect(server.port);
    client.socket.write(callMessage('sendLog', logArgument(logFields('gone'))), () =>
      client.socket.resetAndDestroy(),
    );
    await until('the connection is gone', () => server.receiver.ledger.connections === 0);
    const { thrift, received, stored } = server.receiver.ledger;
    expect(thrift.open).toBe(0);
    expect(stored).toBe(received);
  });
});

test('two services with a method of one name are refused at the start', async () => {
  await using folder = await temporaryFolder();
  const services = [{ name: 'Other', methods: new Map([['sendLog', () => Promise.resolve(undefined)]]) }];
  await expect(thriftReceiver(folder, { services })).rejects.toThrow('have one name');
});
