/** Peers that did not greet, or not well, send what they should not: each costs its own connection, and hears nothing. */
import { readFile } from 'node:fs/promises';
import { deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { HELLO, batchFrame, frame, openFrame, rawPeer, typed } from '../helpers/raw_peer.ts';
import { archivedLines } from '../helpers/receivers.ts';
import { until } from '../helpers/until.ts';
import { WitnessedReceiver, oneMore } from '../helpers/witness.ts';

const MAX_FRAME_BYTES = 64 * 1024;
const MAX_BATCH_BYTES = 256 * 1024;
const ENTRY = '[{"a":1}]';
const tooMuch = Buffer.alloc(MAX_BATCH_BYTES + 1, ' ');

let tested: WitnessedReceiver;
beforeAll(async () => {
  tested = await WitnessedReceiver.start({
    limits: { maxFrameBytes: MAX_FRAME_BYTES, maxBatchBytes: MAX_BATCH_BYTES },
  });
});

afterAll(async () => {
  expect(await tested.end()).toMatchObject({ code: 0, isWitnessWhole: true });
});

test.each([
  ['frame_too_large', 'a frame one byte over MAX_FRAME_BYTES', frame(0, '', MAX_FRAME_BYTES + 1)],
  ['frame_too_large', 'a frame of 4 GiB', frame(0, ENTRY, 0xffffffff)],
  ['frame_too_large', 'HTTP', Buffer.from('GET / HTTP/1.1\r\nHost: logs\r\n\r\n')],
  ['unknown_type', 'type 13', frame(13 << 3, ENTRY)],
  ['unknown_type', 'type 31', frame(0xff, ENTRY)],
  ['bad_algorithm', 'compressed by no algorithm', frame(0x01, ENTRY)],
  ['bad_algorithm', 'zstd, which the original protocol has not', frame(0x07, zstdCompressSync(ENTRY))],
  ['does_not_inflate', 'raw bytes that say gzip', frame(0x03, ENTRY)],
  ['does_not_inflate', 'raw bytes that say zlib', frame(0x05, ENTRY)],
  ['does_not_inflate', 'nothing that says gzip', frame(0x03)],
  ['does_not_inflate', 'zlib that says gzip', frame(0x03, deflateSync(ENTRY))],
  ['does_not_inflate', 'gzip cut short', frame(0x03, gzipSync(ENTRY).subarray(0, -9))],
  ['does_not_inflate', 'gzip with another checksum', frame(0x03, withLastByteFlipped(gzipSync(ENTRY)))],
  [
    'does_not_inflate',
    'gzip with bytes behind its end',
    frame(0x03, Buffer.concat([gzipSync(ENTRY), Buffer.from('more')])),
  ],
  ['batch_too_large', 'gzip that inflates past MAX_BATCH_BYTES', frame(0x03, gzipSync(tooMuch))],
  ['batch_too_large', 'zlib that inflates past MAX_BATCH_BYTES', frame(0x05, deflateSync(tooMuch))],
  ['not_utf8', 'Latin-1', frame(0, Buffer.from('[{"a":"\xe9"}]', 'latin1'))],
  ['not_utf8', 'UTF-16', frame(0, Buffer.from(`\ufeff${ENTRY}é`, 'utf16le'))],
  ['not_json', 'text', frame(0, 'hello')],
  ['not_json', 'nothing at all', frame(0)],
  ['not_json', 'an array cut short', frame(0, ENTRY.slice(0, -1))],
  ['not_json', 'NDJSON', frame(0, '{"a":1}\n{"b":2}\n')],
  ['not_an_array', 'an object', frame(0, '{"a":1}')],
  ['not_an_array', 'null', frame(0, 'null')],
  ['bad_hello', 'a HELLO with an entry in it', typed('HELLO', ENTRY)],
  ['bad_hello', 'a HELLO with a space in it', typed('HELLO', '[ ]')],
  ['bad_hello', 'a HELLO that is compressed', typed('HELLO', gzipSync('[]'), 'gzip')],
  ['unexpected_type', 'OPEN before HELLO', openFrame('early')],
  ['unexpected_type', 'a batch before HELLO', batchFrame()],
  ['unexpected_type', "a receiver's frame", typed('ACK', Buffer.alloc(12))],
  ['unexpected_type', 'BYE before HELLO', typed('BYE', '{}')],
])('%s: %s', async (code, _, bytes) => {
  const before = tested.receiver.ledger.errors;
  await using peer = await rawPeer(tested.receiver.port);
  peer.send(bytes);
  await peer.ended();
  expect(tested.receiver.ledger.errors).toEqual(oneMore(before, code));
  expect(peer.bytesReceived).toBe(0);
  await tested.shipsOn();
});

test.each([
  ['inside a header', frame(0, ENTRY).subarray(0, 3)],
  ['behind a header', frame(0, ENTRY).subarray(0, 5)],
  ['inside a payload', frame(0, ENTRY).subarray(0, -1)],
  ['inside HELLO', HELLO.subarray(0, -1)],
])('truncated: an end of the stream %s', async (_, bytes) => {
  const before = tested.receiver.ledger.errors;
  await using peer = await rawPeer(tested.receiver.port);
  peer.send(bytes);
  peer.socket.end();
  await peer.ended();
  expect(tested.receiver.ledger.errors).toEqual(oneMore(before, 'truncated'));
  expect(peer.bytesReceived).toBe(0);
  await tested.shipsOn();
});

test.each([
  ['at once', []],
  ['behind an empty batch', [frame(0, '[]')]],
  ['behind HELLO', [HELLO]],
  ['behind half an OPEN', [HELLO, openFrame('half').subarray(0, 9)]],
])('a connection that is reset %s disturbs nobody', async (_, pieces) => {
  const { ledger, port } = tested.receiver;
  const peer = await rawPeer(port);
  peer.send(...pieces);
  await until('it was accepted', () => ledger.connections === 2);
  peer.socket.resetAndDestroy();
  await until('it is forgotten', () => ledger.connections === 1);
  await tested.shipsOn();
});

test('what came right before what is wrong is stored', async () => {
  const { ledger, port } = tested.receiver;
  const stored = ledger.stored;
  await using peer = await rawPeer(port);
  peer.send(
    frame(0, '[{"kept":1},{"kept":2}]'),
    frame(0x03, gzipSync('[{"kept":3}]')),
    frame(0, 'wrong'),
    frame(0, '[{"lost":1}]'),
  );
  await peer.ended();
  await until('they are durable', () => ledger.stored === stored + 3);
  await tested.shipsOn();
  expect((await archivedLines(tested.folder.path, '@plain')).filter((line) => line.includes('kept'))).toEqual(
    [...['{"kept":1}', '{"kept":2}', '{"kept":3}']],
  );
  expect(await archivedLines(tested.folder.path, '@plain')).not.toContain('{"lost":1}');
});

test('elements that are not objects are kept aside as they came, the others stored, and the connection goes on', async () => {
  const { ledger, port } = tested.receiver;
  const { errors: before, stored, rejected } = ledger;
  const deep = `${'['.repeat(60)}${']'.repeat(60)}`;
  await using peer = await rawPeer(port);
  peer.send(
    frame(0, `[1.0,{"mixed":1},"text",${deep},{"mixed":2},null,[{"a":1}]]`),
    frame(0, '[{"mixed":3}]'),
  );
  await until('they are durable', () => ledger.stored === stored + 3);
  expect(ledger.rejected).toBe(rejected + 5);
  expect(ledger.errors).toEqual(oneMore(before, 'not_an_object'));
  const kept = (await readFile(tested.folder.in('rejected', 'plain.jsonl'), 'utf8')).split('\n').slice(0, -1);
  const records = kept.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(records.map(({ text }) => text)).toEqual(['1.0', '"text"', deep, 'null', '[{"a":1}]']);
  expect(records[0]).toMatchObject({
    code: 'not_an_object',
    peer: `127.0.0.1:${peer.socket.localPort ?? 0}`,
  });
  expect(peer.isEnded).toBe(false);
  expect(peer.bytesReceived).toBe(0);
  await tested.shipsOn();
});

test('the books balance after all that', () => {
  const { received, stored, repeated, rejected, refused, inHand } = tested.receiver.ledger;
  expect(inHand).toBe(0);
  expect(received).toBe(stored + repeated + rejected + refused);
});

function withLastByteFlipped(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  const at = copy.length - 5;
  copy[at] = (copy[at] ?? 0) ^ 0xff;
  return copy;
}
