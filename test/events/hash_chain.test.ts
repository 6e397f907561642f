import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { hashOf, NO_HASH } from '../../src/events/hash_chain.ts';
import type { StoredEvent } from '../../src/events/event.ts';

const event: StoredEvent = {
  position: 2,
  id: 'ü1',
  type: 'cart.paid',
  timestamp: -1n,
  payload: Buffer.from([0, 255]),
  stream: 'cart',
  version: 3,
};

test('a hash is SHA-256 over the one before and the event, as the layout says', () => {
  const bytes = [
    '11'.repeat(32),
    '0000000000000002', // position
    'ffffffffffffffff', // timestamp
    '0000000000000003', // version
    '00000003c3bc31', // id
    '00000009636172742e70616964', // type
    '0000000463617274', // stream
    '0000000200ff', // payload
  ].join('');
  const expected = createHash('sha256').update(Buffer.from(bytes, 'hex')).digest();
  expect(hashOf(Buffer.alloc(32, 0x11), event)).toEqual(expected);
});

test.each<[string, Partial<StoredEvent>]>([
  ['position', { position: 3 }],
  ['id', { id: 'ü2' }],
  ['type', { type: 'cart.pai' }],
  ['border between id and type', { id: 'ü1c', type: 'art.paid' }],
  ['timestamp', { timestamp: 0n }],
  ['payload', { payload: Buffer.from([0, 254]) }],
  ['stream', { stream: 'carT' }],
  ['version', { version: 4 }],
])('another %s is another hash', (_, changes) => {
  expect(hashOf(NO_HASH, { ...event, ...changes })).not.toEqual(hashOf(NO_HASH, event));
});
