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

test('what is printed can be appended again', () => {
  for (const payload of [Buffer.from('{"a":[1,"x"]}'), Buffer.from([0, 255])])
    expect(eventOfLine(lineOf({ ...EVENT, payload }), 0)).toEqual({
      id: 'e',
      type: 't',
      timestamp: -5n,
      payload,
    });
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
  ['{"type":"t","timestamp":1.5}', 'timestamp: expected milliseconds since 1970'],
  ['{"type":"t","payload":1,"payload_base64":""}', 'expected one of them'],
  ['{"type":"t","payload_base64":"?"}', 'payload_base64: expected base64'],
])('%s is refused: %s', (line, reason) => {
  expect(() => eventOfLine(line, 0)).toThrow(reason);
});
