import fc from 'fast-check';
import Int64 from 'node-int64';
import { TBufferedTransport, Thrift, type TProtocol } from 'thrift';
import { expect, test } from 'vitest';
import { ByteWriter } from '../../../src/thrift/client/byte_writer.ts';
import { CALL_ENCODERS } from '../../../src/thrift/client/call_encoders.ts';
import type { LogEventFields } from '../../../src/thrift/client/log_event_fields.ts';
import { readAnswer, type Answer } from '../../../src/thrift/client/read_answer.ts';
import { Client } from '../../../src/thrift/generated/LogIngestionService.js';
import { LogEvent } from '../../../src/thrift/generated/log_event_types.js';
import { LIBRARY_PROTOCOLS } from '../../../src/thrift/generated_service.ts';
import type { ProtocolName } from '../../../src/thrift/message.ts';
import { MessageReader } from '../../../src/thrift/message_reader.ts';
import { PROTOCOLS } from '../../helpers/thrift_peers.ts';

/** The library's own bytes for the same call. */
function libraryCall(protocol: ProtocolName, sequenceId: number, events: readonly LogEventFields[]): Buffer {
  let written = Buffer.alloc(0);
  const transport = new TBufferedTransport(
    undefined,
    (message) => (written = Buffer.from(message as Buffer)),
  );
  const Protocol = LIBRARY_PROTOCOLS[protocol] as new (transport: unknown) => TProtocol;
  const client = new Client(transport, Protocol);
  Object.assign(client, { _seqid: sequenceId - 1 });
  void client.sendLogs(events.map(libraryEvent));
  return written;
}

function libraryEvent({ timestamp, service, host, message, level }: LogEventFields): LogEvent {
  const event = new LogEvent({ timestamp: int64(timestamp) } as never);
  Object.assign(event, { service_name: service, host, message, log_level: level });
  return event;
}

function int64(value: number | bigint | undefined): Int64 | number | undefined {
  if (value === undefined || (typeof value === 'number' && Number.isSafeInteger(value))) return value;
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(value));
  return new Int64(bytes);
}

function ourCall(protocol: ProtocolName, sequenceId: number, events: readonly LogEventFields[]): Buffer {
  const out = new ByteWriter();
  CALL_ENCODERS[protocol].sendLogs(out, 'sendLogs', sequenceId, events);
  return out.copy();
}

const NOTHING = {
  ...{ timestamp: undefined, service: undefined, host: undefined, message: undefined, level: undefined },
};

const text = fc.option(
  fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 60 }),
    fc.string({ minLength: 22, maxLength: 42 }),
    fc.string({ minLength: 40, maxLength: 300 }),
  ),
  {
    nil: undefined,
  },
);
const timestamp = fc.option(
  fc.oneof(
    fc.maxSafeInteger(),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.constantFrom(
      0,
      -1,
      63,
      64,
      -64,
      -65,
      2 ** 31,
      -(2 ** 31) - 1,
      2 ** 32,
      2 ** 52,
      -(2 ** 52),
      -(2n ** 63n),
    ),
  ),
  { nil: undefined },
);
const event = fc.record({ timestamp, service: text, host: text, message: text, level: text });
/** Some of them over and over, so that a call takes more than the first 64 KiB of a buffer. */
const manyEvents = fc
  .tuple(fc.array(event, { minLength: 1, maxLength: 20 }), fc.integer({ min: 50, max: 100 }))
  .map(([some, times]) => Array.from({ length: times }, () => some).flat());
const sequenceId = fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 2 ** 31 - 1 }));

test.each(['binary', 'compact'] as const)('%s: our bytes are those of the library', (protocol) => {
  fc.assert(
    fc.property(sequenceId, fc.array(event, { maxLength: 20 }), (id, events) => {
      expect(ourCall(protocol, id, events).equals(libraryCall(protocol, id, events))).toBe(true);
    }),
    { numRuns: 300 },
  );
});

test.each(['binary', 'compact'] as const)('%s: nor are they others in calls of many entries', (protocol) => {
  fc.assert(
    fc.property(sequenceId, manyEvents, (id, events) => {
      expect(ourCall(protocol, id, events).equals(libraryCall(protocol, id, events))).toBe(true);
    }),
    // Smaller ones of so many take long to find, and show nothing more.
    { numRuns: 20, endOnFailure: true },
  );
});

test('json: what we write says the same as what the library writes', () => {
  // Of an Int64 below 0 the library makes what is no JSON, so that its numbers are plain here.
  const plain = fc.record({
    ...{ timestamp: fc.option(fc.maxSafeInteger(), { nil: undefined }), service: text, host: text },
    ...{ message: text, level: text },
  });
  fc.assert(
    fc.property(sequenceId, fc.array(plain, { maxLength: 20 }), (id, events) => {
      const parse = (bytes: Buffer): unknown => JSON.parse(bytes.toString('utf8'));
      expect(parse(ourCall('json', id, events))).toEqual(parse(libraryCall('json', id, events)));
    }),
    { numRuns: 100 },
  );
});

test('where the length of a text takes another byte, our bytes are those of the library', () => {
  const lengths = [0, 1, 41, 42, 43, 63, 64, 126, 127, 128, 129, 16_383, 16_384];
  const events = ['a', 'é', '€', '🙂'].flatMap((letter) =>
    lengths.map((length) => ({ ...NOTHING, message: letter.repeat(length) })),
  );
  for (const count of [14, 15, 16, events.length])
    for (const protocol of ['binary', 'compact'] as const) {
      const some = events.slice(0, count);
      expect(ourCall(protocol, 1, some).equals(libraryCall(protocol, 1, some))).toBe(true);
    }
});

test('text that takes more than the buffer has makes it grow', () => {
  const message = '🙂'.repeat(100_000);
  const large = { ...NOTHING, timestamp: 1, message };
  for (const protocol of ['binary', 'compact'] as const)
    expect(ourCall(protocol, 1, [large, large]).equals(libraryCall(protocol, 1, [large, large]))).toBe(true);
});

test('texts at which the buffer grows lose nothing, wherever in them it does', () => {
  const short = { ...NOTHING, timestamp: 1, service: 's'.repeat(30), message: 'm'.repeat(42), level: 'INFO' };
  for (let shift = 0; shift < 90; shift += 3) {
    const events = [{ ...NOTHING, message: 'x'.repeat(shift) }, ...Array.from({ length: 1600 }, () => short)];
    for (const protocol of ['binary', 'compact'] as const)
      expect(ourCall(protocol, 1, events).equals(libraryCall(protocol, 1, events))).toBe(true);
  }
});

/** The bytes of an answer, as the library's server would write it. */
function answerBytes(protocol: ProtocolName, write: (output: TProtocol) => void): Buffer {
  let written = Buffer.alloc(0);
  const transport = new TBufferedTransport(
    undefined,
    (message) => (written = Buffer.from(message as Buffer)),
  );
  const output = new (LIBRARY_PROTOCOLS[protocol] as new (transport: unknown) => TProtocol)(transport);
  write(output);
  output.flush();
  return written;
}

function answerIn(bytes: Buffer): Answer {
  const reader = new MessageReader({
    maxMessageBytes: 4096,
    maxStringBytes: 4096,
    maxElements: 10,
    maxDepth: 8,
  });
  reader.push(bytes);
  const message = reader.next();
  if (message === undefined) throw new Error('not whole');
  return readAnswer(message);
}

const { Type, MessageType } = Thrift;

test.each(PROTOCOLS)('%s: results and exceptions of all kinds are read', (protocol) => {
  const result = answerBytes(protocol, (output) => {
    output.writeMessageBegin('sendLogs', MessageType.REPLY, 7);
    output.writeStructBegin('result');
    output.writeFieldBegin('unknown', Type.STRING, 9);
    output.writeString('x');
    output.writeFieldEnd();
    output.writeFieldBegin('success', Type.I32, 0);
    output.writeI32(42);
    output.writeFieldEnd();
    output.writeFieldStop();
    output.writeStructEnd();
    output.writeMessageEnd();
  });
  expect(answerIn(result)).toEqual({ kind: 'result', count: 42 });

  const nothing = answerBytes(protocol, (output) => {
    output.writeMessageBegin('authenticate', MessageType.REPLY, 7);
    output.writeStructBegin('result');
    output.writeFieldStop();
    output.writeStructEnd();
    output.writeMessageEnd();
  });
  expect(answerIn(nothing)).toEqual({ kind: 'result', count: undefined });

  const declared = answerBytes(protocol, (output) => {
    output.writeMessageBegin('authenticate', MessageType.REPLY, 7);
    output.writeStructBegin('result');
    output.writeFieldBegin('denied', Type.STRUCT, 1);
    output.writeStructBegin('AccessDenied');
    output.writeFieldBegin('reason', Type.STRING, 1);
    output.writeString('no such token');
    output.writeFieldEnd();
    output.writeFieldStop();
    output.writeStructEnd();
    output.writeFieldEnd();
    output.writeFieldStop();
    output.writeStructEnd();
    output.writeMessageEnd();
  });
  expect(answerIn(declared)).toEqual({ kind: 'exception', message: 'no such token' });

  const application = answerBytes(protocol, (output) => {
    output.writeMessageBegin('sendLogs', MessageType.EXCEPTION, 7);
    output.writeStructBegin('TApplicationException');
    output.writeFieldBegin('message', Type.STRING, 1);
    output.writeString('unknown method');
    output.writeFieldEnd();
    output.writeFieldBegin('type', Type.I32, 2);
    output.writeI32(1);
    output.writeFieldEnd();
    output.writeFieldStop();
    output.writeStructEnd();
    output.writeMessageEnd();
  });
  expect(answerIn(application)).toEqual({ kind: 'exception', message: 'unknown method' });
});

test('a call is no answer', () => {
  expect(() => answerIn(ourCall('binary', 1, []))).toThrow('is no answer');
});
