import { describe, expect, test } from 'vitest';
import { MAX_POSITIONS_BYTES } from '../../src/wire/batch.ts';
import * as messages from '../../src/wire/messages.ts';
import { codeOf } from '../helpers/errors.ts';
import { goldenFrame, goldenPayload } from './golden.ts';

const GOLDEN_MESSAGES = [
  {
    name: 'WELCOME',
    encode: messages.encodeWelcome,
    decode: messages.decodeWelcome,
    message: {
      version: 1,
      algorithms: ['none', 'gzip', 'zlib', 'zstd'],
      maxFrameBytes: 16777216,
      maxBatchBytes: 33554432,
      tokenWanted: false,
    },
  },
  {
    name: 'OPEN',
    encode: messages.encodeOpen,
    decode: messages.decodeOpen,
    message: { shipperId: 'web-1', epoch: 1700000000000 },
  },
  {
    name: 'READY',
    encode: messages.encodeReady,
    decode: messages.decodeReady,
    message: { epoch: 1700000000000, sequence: 7, positions: {}, windowBytes: 4194304 },
  },
  {
    name: 'ACK',
    encode: messages.encodeAck,
    decode: messages.decodeAck,
    message: { sequence: 8, windowBytes: 4194304 },
  },
  {
    name: 'REJECT',
    encode: messages.encodeReject,
    decode: messages.decodeReject,
    message: { sequence: 8, code: 'crc_mismatch', reason: 'batch 8 has another CRC-32 than it says' },
  },
  {
    name: 'ERROR',
    encode: messages.encodeFault,
    decode: messages.decodeFault,
    message: { code: 'sequence_gap', reason: 'batch 9 of web-1 came where 8 was next' },
  },
  { name: 'BYE', encode: messages.encodeBye, decode: messages.decodeBye, message: { returnAfterMs: 500 } },
  {
    name: 'GAP',
    encode: messages.encodeGap,
    decode: messages.decodeGap,
    message: { from: 8, to: 9, entries: 120, reason: 'spool full' },
  },
] as {
  name: string;
  encode: (message: object) => Buffer;
  decode: (payload: Buffer) => object;
  message: object;
}[];

test.each(GOLDEN_MESSAGES)(
  'a $name is encoded to its golden bytes and decoded from them',
  ({ name, encode, decode, message }) => {
    expect(encode(message).toString('hex')).toBe(goldenFrame(name).bytes.toString('hex'));
    expect(decode(goldenPayload(name))).toEqual(message);
  },
);

describe.each(GOLDEN_MESSAGES)('the payload of a $name', ({ name, decode }) => {
  test('is a bad message when it is cut anywhere', async () => {
    const whole = goldenPayload(name);
    expect(whole.length).toBeGreaterThan(0);
    for (let length = 0; length < whole.length; length += 1) {
      expect(await codeOf(() => decode(whole.subarray(0, length))), `cut at ${length}`).toBe('bad_message');
    }
  });

  test.each(['null', '[]', '7', '"text"', 'nonsense', '\ufeff{}'])(
    'is a bad message when it is %s',
    async (text) => {
      expect(await codeOf(() => decode(Buffer.from(text)))).toBe('bad_message');
    },
  );
});

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

test('members that are not known are ignored', () => {
  expect(messages.decodeBye(json({ returnAfterMs: 1, colour: 'blue' }))).toEqual({ returnAfterMs: 1 });
  expect(messages.decodeBye(json({}))).toEqual({});
});

test('a WELCOME keeps the algorithms it knows', () => {
  const welcome = { version: 2, algorithms: ['gzip', 'brotli', 7], maxFrameBytes: 1, maxBatchBytes: 1 };
  expect(messages.decodeWelcome(json(welcome))).toEqual({
    ...welcome,
    algorithms: ['gzip'],
    tokenWanted: false,
  });
});

describe('the shipper id of an OPEN', () => {
  test.each(['a', '7', 'web-1.example:tail_x', 'x'.repeat(128)])('may be %s', (shipperId) => {
    expect(messages.isShipperId(shipperId)).toBe(true);
    expect(messages.decodeOpen(json({ shipperId }))).toEqual({ shipperId, epoch: null });
  });

  test.each([
    '',
    'x'.repeat(129),
    '@plain',
    '.hidden',
    '-x',
    'a b',
    'a/b',
    '..',
    'a\n',
    'ä',
    7,
    null,
    undefined,
  ])('may not be %j', async (shipperId) => {
    expect(await codeOf(() => messages.decodeOpen(json({ shipperId })))).toBe('bad_message');
  });
});

describe('numbers in messages', () => {
  const open = (epoch: unknown): Buffer => json({ shipperId: 'a', epoch });

  test.each([null, undefined])('an epoch of %s means that the shipper keeps none', (epoch) => {
    expect(messages.decodeOpen(open(epoch)).epoch).toBeNull();
  });

  test.each([0, 1, Number.MAX_SAFE_INTEGER])('an epoch may be %i', (epoch) => {
    expect(messages.decodeOpen(open(epoch)).epoch).toBe(epoch);
  });

  test.each([-1, 0.5, 2 ** 53, '1', true, [], {}])('an epoch may not be %j', async (epoch) => {
    expect(await codeOf(() => messages.decodeOpen(open(epoch)))).toBe('bad_message');
  });

  test('an acknowledged sequence may be 2^53 - 1 and not 2^53', async () => {
    const largest = { sequence: Number.MAX_SAFE_INTEGER, windowBytes: 2 ** 32 - 1 };
    expect(messages.encodeAck(largest).toString('hex')).toBe('0000000c30001fffffffffffffffffffff');
    expect(messages.decodeAck(messages.encodeAck(largest).subarray(5))).toEqual(largest);
    expect(await codeOf(() => messages.decodeAck(Buffer.from('002000000000000000000000', 'hex')))).toBe(
      'bad_message',
    );
  });

  test('an ACK has exactly twelve bytes', async () => {
    expect(await codeOf(() => messages.decodeAck(Buffer.alloc(13)))).toBe('bad_message');
  });
});

test('a token is handed on, and must be a text', async () => {
  expect(messages.decodeOpen(json({ shipperId: 'a', token: 's3cret' })).token).toBe('s3cret');
  expect(await codeOf(() => messages.decodeOpen(json({ shipperId: 'a', token: 7 })))).toBe('bad_message');
});

describe('the range of a GAP', () => {
  const gap = (from: number, to: number): Buffer => json({ from, to, entries: 1, reason: 'r'.repeat(300) });

  test('may be a single sequence', () =>
    expect(messages.decodeGap(gap(3, 3))).toMatchObject({ from: 3, to: 3 }));
  test('has a reason of at most 200 characters', () =>
    expect(messages.decodeGap(gap(3, 4)).reason).toHaveLength(200));
  test.each([
    [0, 3],
    [4, 3],
    [-1, 3],
    [1, 2 ** 53],
  ])('may not be %i to %i', async (from, to) => {
    expect(await codeOf(() => messages.decodeGap(gap(from, to)))).toBe('bad_message');
  });
});

describe('the positions of a GAP', () => {
  const gapWith = (positions: unknown): Buffer =>
    json({ from: 1, to: 2, entries: 3, reason: 'r', positions });
  const position = { offset: 1, head: 'ab', headBytes: 1 };

  test('are handed on', () => {
    expect(messages.decodeGap(gapWith({ 'a.log': position })).positions).toEqual({ 'a.log': position });
  });

  test('may not be longer than those of a batch: they are stored in a block header too', async () => {
    const many = Object.fromEntries(Array.from({ length: 2000 }, (_, index) => [String(index), position]));
    expect(JSON.stringify(many).length).toBeGreaterThan(MAX_POSITIONS_BYTES);
    expect(await codeOf(() => messages.decodeGap(gapWith(many)))).toBe('bad_message');
  });

  test('are checked', async () => {
    expect(await codeOf(() => messages.decodeGap(gapWith({ 'a.log': 7 })))).toBe('bad_message');
  });
});

test('the positions of a READY may be those of many batches', () => {
  const many = Object.fromEntries(
    Array.from({ length: 2000 }, (_, index) => [String(index), { offset: 1, head: 'ab', headBytes: 1 }]),
  );
  const ready = { epoch: 1, sequence: 2, positions: many, windowBytes: 3 };
  expect(messages.decodeReady(messages.encodeReady(ready).subarray(5))).toEqual(ready);
});

test('HELLO carries the two bytes of an empty JSON array', () => {
  expect(messages.HELLO_PAYLOAD.toString('hex')).toBe(goldenPayload('HELLO').toString('hex'));
});
