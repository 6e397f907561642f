import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { JsonLines } from '../../src/thrift/json_lines.ts';
import { LogEventReader } from '../../src/thrift/log_event.ts';
import { argumentsOf, type ProtocolName } from '../../src/thrift/message.ts';
import { MessageReader } from '../../src/thrift/message_reader.ts';
import { TYPE } from '../../src/thrift/value_type.ts';
import { callMessage, logFields, type Field, type Value } from '../helpers/thrift_messages.ts';
import { anyFields, anyValue, fieldsText } from '../helpers/thrift_values.ts';

const PROTOCOLS = ['binary', 'compact', 'json'] as const;
const LIMITS = { maxMessageBytes: 2 ** 20, maxStringBytes: 2 ** 20, maxElements: 1000, maxDepth: 32 };

/** The line of an event; the arguments of a call are a struct as well. */
function lineOf(fields: readonly Field[], protocol: ProtocolName, maxEntryBytes = 2 ** 20): string {
  const reader = new MessageReader(LIMITS);
  reader.push(callMessage('sendLog', fields, { protocol }));
  const message = reader.next();
  if (message === undefined) throw new Error('the message is not whole');
  const lines = new JsonLines(2 ** 22);
  const cursor = argumentsOf(message);
  new LogEventReader(maxEntryBytes).read(cursor, lines);
  expect(cursor.at).toBe(cursor.end);
  return lines.take().toString('utf8');
}

const MEMBERS = ['', 'timestamp', 'service', 'host', 'message', 'level'];

/** What the docs promise, of fields with ids in ascending order. */
function expectedLine(fields: readonly Field[]): string {
  const isKnown = ({ id }: Field): boolean => id >= 1 && id <= 5;
  const members = fields
    .filter(isKnown)
    .map(
      ({ id, value }) =>
        `"${MEMBERS[id] ?? ''}":${id === 1 ? (value.value as bigint).toString() : JSON.stringify(value.value)}`,
    );
  const unknown = fields.filter((field) => !isKnown(field));
  if (unknown.length > 0) members.push(`"_unknown":${fieldsText(unknown)}`);
  return `{${members.join(',')}}\n`;
}

const text = (value: string): Value => ({ type: TYPE.STRING, value });

describe.each(PROTOCOLS)('over %s', (protocol) => {
  test('any event, with unknown fields of any type, becomes the line that the docs say', () => {
    const isForJson = protocol === 'json';
    const strings = fc
      .string({ unit: 'binary' })
      .filter((value) => !/[\ud800-\udfff]/.test(value) || !isForJson);
    const known = fc
      .record(
        {
          1: fc
            .bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
            .map((value): Value => ({ type: TYPE.I64, value })),
          2: strings.map(text),
          3: strings.map(text),
          4: strings.map(text),
          5: strings.map(text),
        },
        { requiredKeys: ['4'] },
      )
      .map((fields) => Object.entries(fields).map(([id, value]): Field => ({ id: Number(id), value })));
    fc.assert(
      fc.property(known, anyFields(anyValue(3, isForJson), 6), (fields, unknown) => {
        const event = [...fields, ...unknown];
        const line = lineOf(event, protocol);
        expect(line).toBe(expectedLine(event));
        expect(() => JSON.parse(line) as unknown).not.toThrow();
      }),
      { numRuns: Number(process.env.THRIFT_RUNS ?? 150) },
    );
  });

  test.each([
    [1, 'timestamp', 'an i64', { type: TYPE.STRING, value: 'now' }, 'a string'],
    [1, 'timestamp', 'an i64', { type: TYPE.I32, value: 5 }, 'an i32'],
    [2, 'service_name', 'a string', { type: TYPE.I64, value: 5n }, 'an i64'],
    [3, 'host', 'a string', { type: TYPE.STRUCT, value: [] }, 'a struct'],
    [4, 'message', 'a string', { type: TYPE.LIST, of: TYPE.STRING, value: [text('a')] }, 'a list'],
    [5, 'log_level', 'a string', { type: TYPE.BOOL, value: true }, 'a bool'],
    [5, 'log_level', 'a string', { type: TYPE.DOUBLE, value: 0.5 }, 'a double'],
  ] as const)(
    'field %i (%s), %s, of another type is refused by its name',
    (id, name, expected, value, seen) => {
      const fields = logFields('m').filter((field) => field.id !== id);
      const others = [...fields, { id, value }].toSorted((a, b) => a.id - b.id);
      expect(() => lineOf(others, protocol)).toThrow(
        `field ${id} (${name}) is ${seen}, and ${expected} was expected`,
      );
    },
  );

  test('what is not there is not in the line; an event of nothing known is refused', () => {
    const [, , , message] = logFields('m');
    expect(lineOf([message as Field], protocol)).toBe('{"message":"m"}\n');
    expect(() => lineOf([], protocol)).toThrow('it has none of the fields 1 (timestamp) to 5 (log_level)');
    const stranger = { id: 9, value: text('x') };
    expect(() => lineOf([stranger], protocol)).toThrow('it has none of the fields');
  });

  test('a line of the longest length is taken, one longer is refused', () => {
    const bytes = lineOf(logFields('mmm'), protocol).length - 1;
    expect(lineOf(logFields('mmm'), protocol, bytes)).toHaveLength(bytes + 1);
    expect(() => lineOf(logFields('mmm'), protocol, bytes - 1)).toThrow(`it takes ${bytes} bytes`);
  });
});

test.each(['binary', 'compact'] as const)(
  'over %s a string that is no UTF-8 is refused, and a field that comes twice',
  (protocol) => {
    const broken = { id: 4, value: { type: TYPE.STRING, value: Buffer.of(0x61, 0xff) } } as const;
    expect(() => lineOf([broken], protocol)).toThrow('field 4 (message) is not UTF-8');
    const twice = logFields('m', [{ id: 4, value: text('again') }]);
    expect(() => lineOf(twice, protocol)).toThrow('field 4 (message) comes twice');
    const unknown = { id: 9, value: text('x') };
    expect(() => lineOf(logFields('m', [unknown, unknown]), protocol)).toThrow('field 9 comes twice');
    const struct = { id: 9, value: { type: TYPE.STRUCT, value: [unknown, unknown] } } as const;
    expect(() => lineOf(logFields('m', [struct]), protocol)).toThrow('a struct has field 9 twice');
  },
);

test('ids from 0 down and fields in any order are kept too, in the order of their ids', () => {
  const fields = [{ id: 7, value: text('b') }, ...logFields('m').toReversed(), { id: -3, value: text('a') }];
  const line = lineOf(fields, 'binary');
  expect(line).toContain('"_unknown":{"-3":{"string":"a"},"7":{"string":"b"}}');
  expect(lineOf(fields, 'compact')).toBe(line);
});

test('a negative zero stays one', () => {
  const reader = new MessageReader(LIMITS);
  reader.push(Buffer.from('[1,"sendLog",1,1,{"4":{"str":"m"},"6":{"dbl":-0.0}}]'));
  const message = reader.next();
  const lines = new JsonLines(1000);
  if (message !== undefined) new LogEventReader(1000).read(argumentsOf(message), lines);
  expect(lines.take().toString()).toBe('{"message":"m","_unknown":{"6":{"double":-0}}}\n');
});

test('a uuid, which libraries of today write, is kept', () => {
  const reader = new MessageReader(LIMITS);
  const uuid = '00112233-4455-6677-8899-aabbccddeeff';
  reader.push(Buffer.from(`[1,"sendLog",1,1,{"4":{"str":"m"},"6":{"uid":"${uuid}"}}]`));
  const message = reader.next();
  const lines = new JsonLines(1000);
  if (message !== undefined) new LogEventReader(1000).read(argumentsOf(message), lines);
  expect(lines.take().toString()).toBe(`{"message":"m","_unknown":{"6":{"uuid":"${uuid}"}}}\n`);
});

test('values that take far more bytes as JSON than in a message are refused before they fill the memory', () => {
  const value = {
    type: TYPE.LIST,
    of: TYPE.BOOL,
    value: Array<Value>(900).fill({ type: TYPE.BOOL, value: true }),
  } as const;
  const reader = new MessageReader(LIMITS);
  const lists = Array.from({ length: 100 }, (_, n) => ({ id: 6 + n, value }));
  reader.push(callMessage('sendLog', logFields('m', lists)));
  const message = reader.next();
  const lines = new JsonLines(100_000);
  expect(() => {
    if (message !== undefined) new LogEventReader(2 ** 20).read(argumentsOf(message), lines);
  }).toThrow('more than 100000 bytes as JSON (MAX_BATCH_BYTES)');
});
