/**
 * What hostile peers send: for each input the code under which it is counted, a name, and the bytes. They are for a receiver
 * with the limits here.
 */
import { deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { HELLO, batchFrame, frame, openFrame, typed, type BatchWishes } from './raw_peer.ts';

export const MAX_FRAME_BYTES = 64 * 1024;
export const MAX_BATCH_BYTES = 256 * 1024;

const ENTRY = '[{"a":1}]';
const TEXT = '{"a":1}\n{"b":2}\n';
const tooMuch = Buffer.alloc(MAX_BATCH_BYTES + 1, ' ');
/** Of these a few at once would be noticed, were they inflated to their end. */
const BOMB = Buffer.alloc(2 ** 25, ' ');

/** Of peers that did not greet, or not well. */
export const PLAIN_INPUTS: readonly (readonly [code: string, what: string, bytes: Buffer])[] = [
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
  ['batch_too_large', 'a gzip bomb', frame(0x03, gzipSync(BOMB))],
  ['batch_too_large', 'a zlib bomb', frame(0x05, deflateSync(BOMB))],
];

function withLastByteFlipped(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  const at = copy.length - 5;
  copy[at] = (copy[at] ?? 0) ^ 0xff;
  return copy;
}

const openJson = (message: unknown): Buffer => typed('OPEN', JSON.stringify(message));
const positionOf = (position: object): string => JSON.stringify({ '/a.log': position });
const GOOD_POSITION = { offset: 10, head: 'ab', headBytes: 2 };
/** 59,000 bytes of positions that take 90,000 once parsed and printed again: more than a block header holds. */
const GROWING = `{${Array.from({ length: 1100 }, (_, n) => `"${n}":{"offset":1e15,"head":"","headBytes":1e15}`).join()}}`;

/** Stands for an OPEN of a shipper that nobody else is. */
const OPEN = openFrame('hostile');

/** Of peers that greeted and then break a rule: what comes behind their HELLO, for a shipper of this id. */
export const SHIPPER_INPUTS: readonly (readonly [
  code: string,
  what: string,
  pieces: (shipperId: string) => Buffer[],
])[] = (
  [
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
  ] as [string, string, Buffer[]][]
).map(([code, what, pieces]) => [
  code,
  what,
  (shipperId) => pieces.map((piece) => (piece === OPEN ? openFrame(shipperId) : piece)),
]);

const gzipped = (text: string | Buffer): BatchWishes => ({ text, algorithm: 'gzip', body: gzipSync(text) });

const gzipBomb: BatchWishes = { text: '', count: 1, algorithm: 'gzip', body: gzipSync(BOMB) };

/** Of shippers: batches whose content is wrong. */
export const BATCH_INPUTS: readonly (readonly [code: string, what: string, batch: BatchWishes])[] = [
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
  ['length_mismatch', 'a bomb that says it is small', { ...gzipBomb, rawLength: 100 }],
  [
    'length_mismatch',
    'a zstd bomb that says it is empty',
    { text: '', algorithm: 'zstd', body: zstdCompressSync(BOMB) },
  ],
  ['batch_too_large', 'more than MAX_BATCH_BYTES', { text: TEXT, rawLength: MAX_BATCH_BYTES + 1 }],
  ['batch_too_large', 'a bomb that says its size', { ...gzipBomb, rawLength: BOMB.length }],
  ['crc_mismatch', 'another CRC-32 than it says', { text: TEXT, crc: 1 }],
  ['count_mismatch', 'more entries than it says', { ...gzipped(TEXT), count: 1 }],
  ['count_mismatch', 'fewer entries than it says', { text: TEXT, count: 3 }],
  ['not_utf8', 'Latin-1', gzipped(Buffer.from('{"a":"\xe9"}\n', 'latin1'))],
  ['not_json', 'a line that is no object', { text: '{"a":1}\n[1]\n' }],
  ['not_json', 'an empty line', gzipped('{"a":1}\n\n{"b":1}\n')],
  ['not_json', 'a last line without its newline', { text: '{"a":1}\n{"b":2}', count: 2 }],
  ['not_json', 'a brace too few', { text: '{\n', count: 1 }],
];
