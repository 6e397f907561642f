import { expect, test } from 'vitest';
import { eventOfLine } from '../../../src/shipper/thrift/event_of_line.ts';

const NOTHING = {
  timestamp: undefined,
  service: undefined,
  host: undefined,
  message: undefined,
  level: undefined,
};

test.each([
  [
    'an entry as the archive has it',
    '{"timestamp":1700000000000,"service":"shop","host":"web-1","message":"hi","level":"WARN"}',
    { timestamp: 1_700_000_000_000, service: 'shop', host: 'web-1', message: 'hi', level: 'WARN' },
  ],
  ['names of the IDL', '{"service_name":"shop","log_level":"INFO"}', { service: 'shop', level: 'INFO' }],
  ['a time by ISO 8601', '{"timestamp":"2026-01-01T00:00:00Z"}', { timestamp: 1_767_225_600_000 }],
  ['all of an i64', '{"timestamp":9223372036854775807}', { timestamp: 2n ** 63n - 1n }],
  [
    "the entry's own timestamp, where inner ones have the name too",
    '{"a":{"timestamp":1},"timestamp":-9223372036854775808,"b":[{"timestamp":9223372036854775806}]}',
    { timestamp: -(2n ** 63n) },
  ],
  ['null as absent', '{"message":"hi","level":null,"log_level":"INFO"}', { message: 'hi', level: 'INFO' }],
  ['a level that is a number', '{"level":30}', { level: '30' }],
  ['blanks around it', ' {"message":"hi"}\r', { message: 'hi' }],
])('%s', (_what, line, expected) => {
  expect(eventOfLine(line)).toEqual({ ...NOTHING, ...expected });
});

test.each([
  ['{"message":', 'it is no JSON'],
  ['[1]', 'it is no JSON object'],
  ['null', 'it is no JSON object'],
  ['{}', 'it has none of timestamp, service, host, message and level'],
  ['{"__proto__":{"message":"hi"}}', 'it has none of'],
  ['{"message":true}', 'its message is true, and a string was expected'],
  ['{"host":["a"]}', 'its host is an array, and a string was expected'],
  ['{"service_name":{}}', 'its service_name is an object, and a string was expected'],
  ['{"timestamp":1.5}', 'its timestamp is no whole number of milliseconds in 64 bits'],
  ['{"timestamp":9223372036854775808}', 'its timestamp is no whole number of milliseconds in 64 bits'],
  ['{"timestamp":1e300}', 'its timestamp is no whole number of milliseconds in 64 bits'],
  ['{"timestamp":"yesterday"}', 'its timestamp is neither milliseconds since 1970 nor a time by ISO 8601'],
  ['{"timestamp":true}', 'its timestamp is neither milliseconds since 1970 nor a time by ISO 8601'],
])('%s: %s', (line, problem) => {
  expect(() => eventOfLine(line)).toThrow(problem);
});
