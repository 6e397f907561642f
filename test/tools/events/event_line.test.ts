import { expect, test } from 'vitest';
import { eventOfLine, lineOf } from '../../../src/tools/events/event_line.ts';

const EVENT = { position: 3, id: 'e', type: 't', timestamp: -5n };

test.each([
  [
    '{"big": 12345678901234567890, "text": "a\\u0000b"}',
    '"payload":{"big": 12345678901234567890, "text": "a\\u0000b"}',
  ],
  ['{\n\t"a": 1\r\n}', '"payload":{  "a": 1  }'],
  ['null', '"payload":null'],
  ['"\u009b2J\u2028"', '"payload":"\\u009b2J\\u2028"'],
  ['', '"payload_base64":""'],
  ['plain', '"payload_base64":"cGxhaW4="'],
])('the payload %j is shown as %s, in one line', (payload, shown) => {
  const line = lineOf({ ...EVENT, payload: Buffer.from(payload) });
  expect(line).toBe(`{"position":3,"id":"e","type":"t","timestamp":-5,${shown}}`);
  expect(() => void JSON.parse(line)).not.toThrow();
});

test('bytes that are no UTF-8, and what a terminal would obey, are shown harmlessly', () => {
  const line = lineOf({
    ...EVENT,
    id: '\x1b[2J\x9b',
    payload: Buffer.from([0x22, 0xff, 0x22]),
    stream: 's',
    version: 2,
  });
  expect(line).toBe(
    '{"position":3,"id":"\\u001b[2J\\u009b","type":"t","timestamp":-5,"stream":"s","version":2,"payload_base64":"Iv8i"}',
  );
});

test.each(['{"a":[1,"x"]}', '12345678901234567890', '{ "b" : 1.0,"a":1e400, "a":"}" }', '"é"', '', 'a\0'])(
  'what is printed can be appended again, with the payload %j',
  (text) => {
    const payload = Buffer.from(text);
    const place = { stream: 's', version: 7 };
    for (const timestamp of [-5n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n)]) {
      const event = { id: '"e"', type: 't', timestamp, payload };
      expect(eventOfLine(lineOf({ position: 3, ...event }), 0)).toEqual(event);
      expect(eventOfLine(lineOf({ position: 3, ...event, ...place }), 0)).toEqual({ ...event, stream: 's' });
    }
  },
);

test('of members of one name the last counts, however it is written', () => {
  const line = ' { "type" : "a" , "payload":1, "type":"b","pay\\u006coad" : [ 1.0 ] , "timestamp":2e3 } \r';
  const event = eventOfLine(line, 0);
  expect(event).toMatchObject({ type: 'b', timestamp: 2000n });
  expect(Buffer.from(event.payload).toString()).toBe('[ 1.0 ]');
});

test('what is left out is made up: an id, the time, no payload', () => {
  const event = eventOfLine('{"type":"t"}', 1234);
  expect(event).toMatchObject({ type: 't', timestamp: 1234n, payload: Buffer.alloc(0) });
  expect(event.id).toMatch(/^[0-9a-f-]{36}$/);
});

test.each([
  ['[]', 'expected a JSON object'],
  ['{', 'JSON'],
  ['{}', 'type: expected a text'],
  ['{"type":"t","id":1}', 'id: expected a text'],
  ['{"type":"t","timestamp":"now"}', 'timestamp: expected milliseconds since 1970'],
  ['{"type":"t","id":"\\ud800"}', 'id: expected a text'],
  ['{"type":"t","stream":1}', 'stream: expected a text'],
  ['{"type":"t","timestamp":9223372036854775808}', 'timestamp: expected milliseconds since 1970'],
  ['{"type":"t","timestamp":1.5}', 'timestamp: expected milliseconds since 1970'],
  ['{"type":"t","payload":1,"payload_base64":""}', 'expected one of them'],
  ['{"type":"t","payload_base64":"?"}', 'payload_base64: expected base64'],
])('%s is refused: %s', (line, reason) => {
  expect(() => eventOfLine(line, 0)).toThrow(reason);
});
