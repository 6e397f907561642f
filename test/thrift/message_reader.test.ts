import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MESSAGE_TYPE, type Message } from '../../src/thrift/message.ts';
import { MessageReader } from '../../src/thrift/message_reader.ts';
import { ThriftError } from '../../src/thrift/thrift_error.ts';
import { TYPE } from '../../src/thrift/value_type.ts';
import { callMessage, logFields, logsArgument, type Field, type Value } from '../helpers/thrift_messages.ts';
import { WAYS } from '../helpers/thrift_receivers.ts';
import { anyFields, anyValue } from '../helpers/thrift_values.ts';

const LIMITS = { maxMessageBytes: 4096, maxStringBytes: 1000, maxElements: 100, maxDepth: 8 };

const text = (value: string): Value => ({ type: TYPE.STRING, value });

/** All messages in these pieces; their bytes are copied, as they hold no longer than until the next. */
function readAll(pieces: readonly Buffer[], limits = LIMITS): Message[] {
  const reader = new MessageReader(limits);
  const messages: Message[] = [];
  for (const piece of pieces) {
    reader.push(piece);
    for (let message = reader.next(); message !== undefined; message = reader.next())
      messages.push({ ...message, bytes: Buffer.from(message.bytes), struct: Buffer.from(message.struct) });
  }
  expect(reader.pendingBytes).toBe(0);
  return messages;
}

/** The code of the error that reading this ends with. */
function codeOf(bytes: Buffer, limits = LIMITS): string {
  try {
    readAll([bytes], limits);
  } catch (error) {
    if (error instanceof ThriftError) return error.code;
    throw error;
  }
  return 'none';
}

describe.each(WAYS)('$protocol, $transport', ({ protocol, transport }) => {
  const isFramed = transport === 'framed';
  const call = (name: string, fields: readonly Field[] = [], sequenceId = 1): Buffer =>
    callMessage(name, fields, { protocol, isFramed, sequenceId });

  test('two messages, cut at every byte, are the same two', () => {
    const bytes = Buffer.concat([
      call('Service:sendLogs', logsArgument([logFields('a "quoted" \\ é'), logFields('b]}')]), 2 ** 31 - 1),
      call('sendLog', [{ id: 300, value: { type: TYPE.BOOL, value: false } }], 0),
    ]);
    const whole = readAll([bytes]);
    expect(whole).toMatchObject([
      { name: 'Service:sendLogs', type: MESSAGE_TYPE.CALL, sequenceId: 2 ** 31 - 1, protocol, isFramed },
      { name: 'sendLog', sequenceId: 0 },
    ]);
    for (let cut = 1; cut < bytes.length; cut += 1)
      expect(readAll([bytes.subarray(0, cut), bytes.subarray(cut)])).toEqual(whole);
    expect(readAll([...bytes].map((byte) => Buffer.of(byte)))).toEqual(whole);
  });

  test('any arguments are found whole, however they are cut', () => {
    fc.assert(
      fc.property(
        anyFields(anyValue(3, protocol === 'json')),
        fc.integer({ min: 1, max: 50 }),
        (fields, size) => {
          const bytes = Buffer.concat([call('m', fields, 7), call('n', fields, 8)]);
          const pieces: Buffer[] = [];
          for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size));
          const limits = { ...LIMITS, maxMessageBytes: 2 ** 20 };
          expect(readAll(pieces, limits).map(({ name }) => name)).toEqual(['m', 'n']);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('changed bytes end in messages or in an error of Thrift, never in anything else', () => {
    const bytes = call('sendLogs', logsArgument([logFields('abc', [{ id: 9, value: text('x') }])]));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }),
        (changes) => {
          const changed = Buffer.from(bytes);
          for (const [at, byte] of changes) changed[at] = byte;
          const reader = new MessageReader(LIMITS);
          reader.push(changed);
          try {
            while (reader.next() !== undefined);
          } catch (error) {
            expect(error).toBeInstanceOf(ThriftError);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  test('each limit: at it, and one past it', () => {
    const list = (count: number): Field[] => [
      { id: 1, value: { type: TYPE.LIST, of: TYPE.STRING, value: Array<Value>(count).fill(text('')) } },
    ];
    const nested = (depth: number): Value =>
      depth === 1 ? text('x') : { type: TYPE.STRUCT, value: [{ id: 1, value: nested(depth - 1) }] };
    const deep = (depth: number): Field[] => [{ id: 1, value: nested(depth) }];
    const long = (length: number): Field[] => [{ id: 1, value: text('x'.repeat(length)) }];
    expect([list(100), list(101)].map((fields) => codeOf(call('m', fields)))).toEqual([
      'none',
      'container_too_large',
    ]);
    expect([deep(8), deep(9)].map((fields) => codeOf(call('m', fields)))).toEqual(['none', 'too_deep']);
    expect([long(1000), long(1001)].map((fields) => codeOf(call('m', fields)))).toEqual([
      'none',
      'string_too_large',
    ]);
    const message = call('m', long(100));
    const length = message.length - (isFramed ? 4 : 0);
    expect(codeOf(message, { ...LIMITS, maxMessageBytes: length })).toBe('none');
    expect(codeOf(message, { ...LIMITS, maxMessageBytes: length - 1 })).toBe('message_too_large');
  });

  test('who is to be told of an error is known as soon as the header came', () => {
    const reader = new MessageReader(LIMITS);
    reader.push(call('m', [{ id: 1, value: text('x'.repeat(1001)) }], 42));
    expect(() => reader.next()).toThrow(ThriftError);
    expect(reader.understood).toMatchObject({ protocol, isFramed, header: { name: 'm', sequenceId: 42 } });
  });
});

describe('refused', () => {
  const binary = (hex: string): Buffer => Buffer.from(`80010001000000016d00000001${hex}`, 'hex');
  const compact = (hex: string): Buffer => Buffer.from(`822101016d${hex}`, 'hex');
  const json = (struct: string): Buffer => Buffer.from(`[1,"m",1,1,${struct}]`);
  test.each<[string, Buffer, string]>([
    ['a request of HTTP', Buffer.from('GET / HTTP/1.1\r\n\r\n'), 'not_thrift'],
    ['a TLS greeting', Buffer.from('16030102000100', 'hex'), 'message_too_large'],
    ['bytes of nothing known', Buffer.from('ff'.repeat(20), 'hex'), 'not_thrift'],
    ['a frame of 2^31-1 bytes', Buffer.from('7fffffff', 'hex'), 'message_too_large'],
    ['a frame of nothing', Buffer.from('00000000', 'hex'), 'bad_message'],
    ['a frame of something else', Buffer.from('0000000401020304', 'hex'), 'not_thrift'],
    [
      'a frame that ends before its message',
      Buffer.concat([Buffer.of(0, 0, 0, 13), binary('')]),
      'bad_message',
    ],
    [
      'a frame that ends after its message',
      Buffer.concat([Buffer.of(0, 0, 0, 15), binary('0000')]),
      'bad_message',
    ],
    ['binary of another version', Buffer.from('8002000100000001', 'hex'), 'bad_message'],
    ['a string of 2^31-1 bytes', binary('0b00017fffffff'), 'string_too_large'],
    ['a string of -1 bytes', binary('0b0001ffffffff'), 'bad_message'],
    ['a list of 2^31-1 structs', binary('0f00010c7fffffff'), 'container_too_large'],
    ['a list of -1 structs', binary('0f00010cffffffff'), 'bad_message'],
    ['a list of an unknown type', binary('0f00016300000001'), 'bad_message'],
    ['a map of 2^31-1', binary('0d00010b0b7fffffff'), 'container_too_large'],
    ['a field of an unknown type', binary('630001'), 'bad_message'],
    ['a name of 2^31-1 bytes', Buffer.from('800100017fffffff', 'hex'), 'bad_message'],
    ['compact of another version', Buffer.from('82220101', 'hex'), 'bad_message'],
    ['compact: a string of 2^31-1 bytes', compact('18ffffffff07'), 'string_too_large'],
    ['compact: a string of 2^35 bytes', compact('18ffffffffff01'), 'bad_message'],
    ['compact: a list of 2^31-1', compact('19f8ffffffff07'), 'container_too_large'],
    ['compact: a map of 2^31-1', compact('1bffffffff0788'), 'container_too_large'],
    ['compact: a varint that does not end', compact('16ffffffffffffffffffff'), 'bad_message'],
    ['compact: an unknown type', compact('1f'), 'bad_message'],
    ['JSON of another version', Buffer.from('[2,"m",1,1,{}]'), 'bad_message'],
    ['JSON: a count of 2^31-1', json('{"1":{"lst":["str",2147483647]}}'), 'container_too_large'],
    ['JSON: a count that is not kept', json('{"1":{"lst":["str",2,"a"]}}'), 'bad_message'],
    ['JSON: a number of too many bits', json('{"1":{"i8":128}}'), 'bad_message'],
    ['JSON: no number', json('{"1":{"i32":1.5}}'), 'bad_message'],
    ['JSON: a type nobody knows', json('{"1":{"__proto__":1}}'), 'bad_message'],
    ['JSON: an escape nobody knows', json('{"1":{"str":"\\x"}}'), 'bad_message'],
    ['JSON: brackets that do not match', Buffer.from('[1,"m",1,1,{"1":{"str":"x"]}]'), 'bad_message'],
    ['JSON: no header', Buffer.from('[{},{}]'), 'bad_message'],
  ])('%s', (_, bytes, code) => expect(codeOf(bytes)).toBe(code));
});

test('numbers of 64 bits come over JSON as they are', () => {
  const reader = new MessageReader(LIMITS);
  reader.push(
    Buffer.from('[1,"m",1,1,{"1":{"i64":-9223372036854775808},"2":{"map":["i64","dbl",1,{"5":"NaN"}]}}]'),
  );
  expect(reader.next()?.struct.toString('hex')).toBe(
    '0a000180000000000000000d00020a040000000100000000000000057ff800000000000000',
  );
});

test('a large message in small pieces is looked at once', () => {
  const limits = { ...LIMITS, maxMessageBytes: 2 ** 24, maxStringBytes: 2 ** 24, maxElements: 10 ** 6 };
  for (const protocol of ['binary', 'compact', 'json'] as const) {
    const message = callMessage(
      'm',
      logsArgument(Array.from({ length: 4000 }, () => logFields('x'.repeat(200)))),
      {
        protocol,
        isFramed: false,
      },
    );
    const reader = new MessageReader(limits);
    const before = process.cpuUsage();
    let found = 0;
    for (let at = 0; at < message.length; at += 64) {
      reader.push(message.subarray(at, at + 64));
      if (reader.next() !== undefined) found += 1;
    }
    expect(found).toBe(1);
    // Looking again at all of it for each of the 15,000 pieces would be 7 GB.
    expect(process.cpuUsage(before).user / 1e6).toBeLessThan(4);
  }
});
