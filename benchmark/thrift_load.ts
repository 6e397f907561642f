/** What the `thrift` workload's client does: calls of sendLogs over connections that stay open, each again when it is answered. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import thrift, { type TProtocolConstructor } from 'thrift';
import LogIngestionService from '../src/thrift/generated/LogIngestionService.js';
import logEventTypes from '../src/thrift/generated/log_event_types.js';
import { ByteWriter } from '../src/thrift/client/byte_writer.ts';
import { CALL_ENCODERS } from '../src/thrift/client/call_encoders.ts';
import type { LogEventFields } from '../src/thrift/client/log_event_fields.ts';
import { readAnswer } from '../src/thrift/client/read_answer.ts';
import type { ProtocolName } from '../src/thrift/message.ts';
import { MessageReader } from '../src/thrift/message_reader.ts';

export interface Load {
  readonly port: number;
  readonly protocol: ProtocolName;
  readonly connections: number;
  readonly calls: number;
  readonly entriesPerCall: number;
}

/** Settles when all calls are answered; rejects where one is not taken. */
export type RunLoad = (load: Load, signal: AbortSignal) => Promise<void>;

const LIMITS = { maxMessageBytes: 2 ** 20, maxStringBytes: 2 ** 20, maxElements: 1000, maxDepth: 16 };

/** Different ones in a row; each is encoded for each call anew. */
const EVENTS = 5000;

const events: readonly LogEventFields[] = Array.from({ length: EVENTS }, (_, n) => ({
  timestamp: 1_700_000_000_000 + n * 7,
  service: ['auth', 'payment', 'api', 'worker'][n % 4],
  host: `host-${n % 20}.example.com`,
  message: `GET /users/${(n * 7919) % 100_000}/orders status=${n % 50 === 0 ? 500 : 200} took ${(n * 31) % 900} ms`,
  level: n % 50 === 0 ? 'ERROR' : 'INFO',
}));

/** Where the call of this number begins to take its events. */
const startOf = (call: number, count: number): number => (call * count) % (EVENTS - count);

/** By Logferry's own client code (src/thrift/client). */
export const runOwn: RunLoad = async (load, signal) => {
  let next = 0;
  const one = async (): Promise<void> => {
    const socket = connect({ port: load.port, host: '127.0.0.1', noDelay: true, signal });
    await once(socket, 'connect');
    const out = new ByteWriter();
    const reader = new MessageReader(LIMITS);
    while (next < load.calls) {
      const call = next;
      next += 1;
      send(socket, out, load, call);
      for (let message = reader.next(); ; message = reader.next()) {
        if (message === undefined) {
          const [chunk] = (await once(socket, 'data')) as [Buffer];
          reader.push(chunk);
          continue;
        }
        const answer = readAnswer(message);
        if (answer.kind === 'exception') throw new Error(answer.message);
        break;
      }
    }
    socket.destroy();
  };
  await Promise.all(Array.from({ length: load.connections }, one));
};

function send(socket: Socket, out: ByteWriter, { protocol, entriesPerCall }: Load, call: number): void {
  const start = startOf(call, entriesPerCall);
  out.length = 0;
  out.int32(0);
  CALL_ENCODERS[protocol].sendLogs(out, 'sendLogs', call + 1, events.slice(start, start + entriesPerCall));
  out.bytes.writeInt32BE(out.length - 4, 0);
  socket.write(out.copy());
}

const LIBRARY: Readonly<Record<ProtocolName, TProtocolConstructor>> = {
  binary: thrift.TBinaryProtocol,
  compact: thrift.TCompactProtocol,
  json: thrift.TJSONProtocol,
};

/** By the `thrift` library and what the compiler generates for it. */
export const runLibrary: RunLoad = async (load, signal) => {
  let next = 0;
  const structs = events.map(
    ({ timestamp, service, ...rest }) =>
      new logEventTypes.LogEvent({
        timestamp: new thrift.Int64(timestamp as number),
        service_name: service ?? '',
        host: rest.host ?? '',
        message: rest.message ?? '',
        log_level: rest.level ?? '',
      }),
  );
  const one = async (): Promise<void> => {
    const connection = thrift.createConnection('127.0.0.1', load.port, {
      transport: thrift.TFramedTransport,
      protocol: LIBRARY[load.protocol],
    });
    const failed = once(connection, 'close').then(() => {
      throw new Error('the connection closed');
    });
    failed.catch(() => undefined);
    const client = thrift.createClient(LogIngestionService.Client, connection);
    while (next < load.calls) {
      signal.throwIfAborted();
      const start = startOf(next, load.entriesPerCall);
      next += 1;
      await Promise.race([client.sendLogs(structs.slice(start, start + load.entriesPerCall)), failed]);
    }
    connection.end();
  };
  await Promise.all(Array.from({ length: load.connections }, one));
};
