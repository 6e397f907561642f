/** Peers that did not greet, or not well, send what they should not: each costs its own connection, and hears nothing. */
import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { MAX_BATCH_BYTES, MAX_FRAME_BYTES, PLAIN_INPUTS } from '../helpers/hostile_inputs.ts';
import { HELLO, frame, openFrame, rawPeer } from '../helpers/raw_peer.ts';
import { archivedLines } from '../helpers/receivers.ts';
import { until } from '../helpers/until.ts';
import { WitnessedReceiver, oneMore } from '../helpers/witness.ts';

const ENTRY = '[{"a":1}]';

let tested: WitnessedReceiver;
beforeAll(async () => {
  tested = await WitnessedReceiver.start({
    limits: { maxFrameBytes: MAX_FRAME_BYTES, maxBatchBytes: MAX_BATCH_BYTES },
  });
});

afterAll(async () => {
  expect(await tested.end()).toMatchObject({ code: 0, isWitnessWhole: true });
});

test.each(PLAIN_INPUTS)('%s: %s', async (code, _, bytes) => {
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
