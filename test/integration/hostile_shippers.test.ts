/** Peers that greeted and then break the rules: each is told which, and costs its own connection or its own batch. */
import { deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  HELLO,
  acknowledged,
  batchFrame,
  frame,
  openFrame,
  rawPeer,
  typed,
  type BatchWishes,
} from '../helpers/raw_peer.ts';
import { archivedHeaders, archivedLines } from '../helpers/receivers.ts';
import { until } from '../helpers/until.ts';
import { WitnessedReceiver, oneMore } from '../helpers/witness.ts';

const MAX_FRAME_BYTES = 128 * 1024;
const MAX_BATCH_BYTES = 256 * 1024;
const TEXT = '{"a":1}\n{"b":2}\n';

let tested: WitnessedReceiver;
beforeAll(async () => {
  tested = await WitnessedReceiver.start({
    limits: { maxFrameBytes: MAX_FRAME_BYTES, maxBatchBytes: MAX_BATCH_BYTES },
  });
});

afterAll(async () => {
  expect(await tested.end()).toMatchObject({ code: 0, isWitnessWhole: true });
});

const OPEN = openFrame('hostile');
const openJson = (message: unknown): Buffer => typed('OPEN', JSON.stringify(message));
const positionOf = (position: object): string => JSON.stringify({ '/a.log': position });
const GOOD_POSITION = { offset: 10, head: 'ab', headBytes: 2 };
/** 59,000 bytes of positions that take 90,000 once parsed and printed again: more than a block header holds. */
const GROWING = `{${Array.from({ length: 1100 }, (_, n) => `"${n}":{"offset":1e15,"head":"","headBytes":1e15}`).join()}}`;

describe('ends the connection with an ERROR', () => {
  test.each([
    ['unexpected_type', 'a second HELLO', [HELLO]],
    ['unexpected_type', 'a batch before OPEN', [batchFrame()]],
    ['unexpected_type', 'GAP before OPEN', [typed('GAP', '{"from":1,"to":1,"entries":1,"reason":"x"}')]],
    ['unexpected_type', "a receiver's frame", [OPEN, typed('READY', '{}')]],
    ['unexpected_type', 'a second OPEN', [OPEN, openFrame('other')]],
    ['unexpected_type', 'PLAIN behind OPEN', [OPEN, frame(0, '[{"a":1}]')]],
    ['bad_message', 'OPEN that is not JSON', [typed('OPEN', 'hello')]],
    ['bad_message', 'OPEN that is an array', [typed('OPEN', '[]')]],
    ['bad_message', 'OPEN that is null', [typed('OPEN', 'null')]],
    ['bad_message', 'OPEN without an id', [openJson({ epoch: null })]],
    ['bad_message', 'an id that is a number', [openJson({ shipperId: 7 })]],
    ['bad_message', 'an empty id', [openFrame('')]],
    ['bad_message', "an id of the receiver's own", [openFrame('@plain')]],
    ['bad_message', 'an id that is a path', [openFrame('../../etc/passwd')]],
    ['bad_message', 'an id with a line break', [openFrame('a\nb')]],
    ['bad_message', 'an id of 129 characters', [openFrame('a'.repeat(129))]],
    ['bad_message', 'an epoch below zero', [openJson({ shipperId: 'hostile', epoch: -1 })]],
    ['bad_message', 'an epoch that is text', [openJson({ shipperId: 'hostile', epoch: 'now' })]],
    [
      'bad_message',
      'an epoch past 2^53',
      [typed('OPEN', '{"shipperId":"hostile","epoch":9007199254740993}')],
    ],
    ['bad_message', 'a batch without room for its prefix', [OPEN, typed('BATCH', Buffer.alloc(23))]],
    ['bad_message', 'sequence 0', [OPEN, batchFrame({ sequence: 0 })]],
    ['bad_message', 'a sequence past 2^53', [OPEN, batchFrame({ sequence: 2 ** 60 })]],
    [
      'bad_message',
      'positions longer than the frame',
      [OPEN, batchFrame({ positionsLength: 9, body: Buffer.alloc(8) })],
    ],
    ['bad_message', 'positions of 4 GiB', [OPEN, batchFrame({ positionsLength: 0xffffffff })]],
    [
      'bad_message',
      'positions over their limit',
      [OPEN, batchFrame({ positions: JSON.stringify({ a: 'x'.repeat(60_000) }) })],
    ],
    ['bad_message', 'positions that are not JSON', [OPEN, batchFrame({ positions: '{' })]],
    ['bad_message', 'positions that take the body in', [OPEN, batchFrame({ positionsLength: 8 })]],
    ['bad_message', 'positions that are an array', [OPEN, batchFrame({ positions: '[]' })]],
    [
      'bad_message',
      'a position without an offset',
      [OPEN, batchFrame({ positions: positionOf({ head: '', headBytes: 0 }) })],
    ],
    [
      'bad_message',
      'an offset below zero',
      [OPEN, batchFrame({ positions: positionOf({ ...GOOD_POSITION, offset: -1 }) })],
    ],
    [
      'bad_message',
      'a part that is no number',
      [OPEN, batchFrame({ positions: positionOf({ ...GOOD_POSITION, part: 'x' }) })],
    ],
    ['bad_message', 'positions that grow past a block header', [OPEN, batchFrame({ positions: GROWING })]],
    ['bad_message', 'GAP that is not JSON', [OPEN, typed('GAP', 'x')]],
    [
      'bad_message',
      'GAP that ends before it begins',
      [OPEN, typed('GAP', '{"from":3,"to":2,"entries":1,"reason":"x"}')],
    ],
    ['bad_message', 'GAP from 0', [OPEN, typed('GAP', '{"from":0,"to":2,"entries":1,"reason":"x"}')]],
    [
      'bad_message',
      'GAP with a reason that is no text',
      [OPEN, typed('GAP', '{"from":1,"to":2,"entries":1,"reason":{}}')],
    ],
    ['frame_too_large', 'a frame over MAX_FRAME_BYTES', [OPEN, frame(5 << 3, '', MAX_FRAME_BYTES + 1)]],
    ['unknown_type', 'type 13', [OPEN, frame(13 << 3, 'x')]],
    ['bad_algorithm', 'a batch compressed by no algorithm', [OPEN, frame((5 << 3) | 1, 'x')]],
    [
      'sequence_gap',
      'a batch that skips one',
      [OPEN, batchFrame({ sequence: 1 }), batchFrame({ sequence: 3 })],
    ],
    [
      'sequence_gap',
      'GAP that skips one',
      [OPEN, batchFrame(), typed('GAP', '{"from":3,"to":4,"entries":1,"reason":"x"}')],
    ],
    [
      'conflict',
      'a sequence again with other content',
      [OPEN, batchFrame(), batchFrame({ text: '{"other":1}\n' })],
    ],
  ])('%s: %s', async (code, what, pieces) => {
    const before = tested.receiver.ledger.errors;
    await using peer = await rawPeer(tested.receiver.port);
    peer.send(HELLO, ...pieces.map((piece) => (piece === OPEN ? openFrame(idOf(what)) : piece)));
    await peer.ended();
    const [error, ...more] = peer.messages('ERROR');
    expect(error).toEqual({ code, reason: expect.stringMatching(/.{10}/) as string });
    expect(more).toEqual([]);
    expect(peer.frames.at(-1)?.type).toBe('ERROR');
    expect(tested.receiver.ledger.errors).toEqual(oneMore(before, code));
    await tested.shipsOn();
  });

  test('truncated: an end of the stream inside a batch; what came whole before it is stored', async () => {
    const before = tested.receiver.ledger.errors;
    await using peer = await rawPeer(tested.receiver.port);
    peer.send(HELLO, openFrame('cut'), batchFrame(), batchFrame({ sequence: 2 }).subarray(0, -1));
    peer.socket.end();
    await peer.ended();
    expect(peer.messages('ERROR')).toMatchObject([{ code: 'truncated' }]);
    await until(
      'the batch before is stored',
      async () => (await archivedLines(tested.folder.path, 'cut')).length === 1,
    );
    expect(tested.receiver.ledger.errors).toEqual(oneMore(before, 'truncated'));
    await tested.shipsOn();
  });
});

const gzipped = (text: string | Buffer): BatchWishes => ({ text, algorithm: 'gzip', body: gzipSync(text) });

describe('refuses a batch with a REJECT, declares its number a gap, and takes the next', () => {
  test.each<[string, string, BatchWishes]>([
    ['does_not_inflate', 'raw bytes that say gzip', { text: TEXT, algorithm: 'gzip' }],
    ['does_not_inflate', 'raw bytes that say zlib', { text: TEXT, algorithm: 'zlib' }],
    ['does_not_inflate', 'raw bytes that say zstd', { text: TEXT, algorithm: 'zstd' }],
    ['does_not_inflate', 'gzip cut short', { ...gzipped(TEXT), body: gzipSync(TEXT).subarray(0, 12) }],
    [
      'does_not_inflate',
      'a second gzip member',
      { ...gzipped(TEXT), body: Buffer.concat([gzipSync(TEXT), gzipSync('{"hidden":1}\n')]) },
    ],
    [
      'does_not_inflate',
      'bytes behind zlib',
      { text: TEXT, algorithm: 'zlib', body: Buffer.concat([deflateSync(TEXT), Buffer.from('more')]) },
    ],
    ['length_mismatch', 'more bytes than it says', { text: TEXT, rawLength: TEXT.length - 1 }],
    ['length_mismatch', 'fewer bytes than it says', { text: TEXT, rawLength: TEXT.length + 1 }],
    ['length_mismatch', 'more gzip bytes than it says', { ...gzipped(TEXT), rawLength: TEXT.length - 1 }],
    ['length_mismatch', 'fewer gzip bytes than it says', { ...gzipped(TEXT), rawLength: TEXT.length + 1 }],
    [
      'length_mismatch',
      'a bomb that says it is small',
      { ...gzipped(Buffer.alloc(2 ** 22, ' ')), rawLength: 100, count: 1 },
    ],
    [
      'length_mismatch',
      'a zstd bomb that says it is empty',
      { text: '', algorithm: 'zstd', body: zstdCompressSync(Buffer.alloc(2 ** 22)) },
    ],
    ['batch_too_large', 'more than MAX_BATCH_BYTES', { text: TEXT, rawLength: MAX_BATCH_BYTES + 1 }],
    ['batch_too_large', 'a bomb that says its size', gzipped(Buffer.alloc(2 ** 22, ' '))],
    ['crc_mismatch', 'another CRC-32 than it says', { text: TEXT, crc: 1 }],
    ['count_mismatch', 'more entries than it says', { ...gzipped(TEXT), count: 1 }],
    ['count_mismatch', 'fewer entries than it says', { text: TEXT, count: 3 }],
    ['not_utf8', 'Latin-1', gzipped(Buffer.from('{"a":"\xe9"}\n', 'latin1'))],
    ['not_json', 'a line that is no object', { text: '{"a":1}\n[1]\n' }],
    ['not_json', 'an empty line', gzipped('{"a":1}\n\n{"b":1}\n')],
    ['not_json', 'a last line without its newline', { text: '{"a":1}\n{"b":2}', count: 2 }],
    ['not_json', 'a brace too few', { text: '{\n', count: 1 }],
  ])('%s: %s', async (code, what, wishes) => {
    const shipper = idOf(`${code} ${what}`);
    const { ledger, port } = tested.receiver;
    const { errors: before, rejected } = ledger;
    await using peer = await rawPeer(port);
    peer.send(HELLO, openFrame(shipper), batchFrame({ ...wishes, sequence: 1 }), batchFrame({ sequence: 2 }));
    await until('the next batch is acknowledged', () => acknowledged(peer) === 2);
    expect(peer.messages('REJECT')).toEqual([
      { sequence: 1, code, reason: expect.stringMatching(/.{10}/) as string },
    ]);
    expect(peer.messages('ERROR')).toEqual([]);
    expect(ledger.errors).toEqual(oneMore(before, code));
    const [gap, block] = await archivedHeaders(tested.folder.path, shipper);
    expect(gap).toMatchObject({ sequence: 1, count: 0, gap: { from: 1, reason: `rejected: ${code}` } });
    expect(gap?.gap?.entries).toBe(ledger.rejected - rejected);
    expect(block).toMatchObject({ sequence: 2, count: 1 });
    expect(await archivedLines(tested.folder.path, shipper)).toEqual(['{"n":1}']);
    await tested.shipsOn();
  });
});

test('the books balance after all that', async () => {
  await until('nothing is in hand', () => tested.receiver.ledger.inHand === 0);
  const { received, stored, repeated, rejected, refused } = tested.receiver.ledger;
  expect(received).toBe(stored + repeated + rejected + refused);
});

const idOf = (what: string): string => what.replace(/[^A-Za-z0-9]+/g, '-');
