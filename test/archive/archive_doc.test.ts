import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { sealHeader, type BlockInfo } from '../../src/archive/block.ts';
import { FORMATS, decodeHead, encodeMember, inflateBody, type FormatName } from '../../src/archive/format.ts';
import { hexBlocks } from '../helpers/hex_blocks.ts';

const BLOCKS = hexBlocks(await readFile(join(import.meta.dirname, '../../docs/ARCHIVE.md'), 'utf8'));

const ENTRIES: BlockInfo = {
  shipperId: 'web-1',
  epoch: 1_700_000_000_000,
  sequence: 8,
  receivedAtMs: Date.UTC(2026, 0, 31, 12, 0, 0),
  count: 2,
  rawLength: 16,
  crc: 0x9fceb2c8,
  positions: {},
};
const GAP: BlockInfo = {
  ...ENTRIES,
  sequence: 11,
  count: 0,
  rawLength: 0,
  crc: 0,
  gap: { from: 9, entries: 120, reason: 'spool full' },
};

const ELSEWHERE: BlockInfo = {
  ...GAP,
  gap: { from: 9, entries: 0, reason: 'in another archive', elsewhere: true, crc: 0x52d7e7c3 },
};

const TIMES: BlockInfo = {
  ...ENTRIES,
  sequence: 9,
  rawLength: 36,
  crc: 0x52f7ea43,
  times: { firstMs: Date.UTC(2026, 0, 31, 12, 0, 0), lastMs: Date.UTC(2026, 0, 31, 12, 0, 1) },
};

interface Golden {
  readonly name: string;
  readonly format: FormatName;
  readonly info: BlockInfo;
  readonly durableBytes: number;
  readonly text: string;
}

const GOLDEN: Golden[] = [
  { name: 'gzip block', format: 'gzip', info: ENTRIES, durableBytes: 0, text: '{"a":1}\n{"b":2}\n' },
  { name: 'gzip gap', format: 'gzip', info: GAP, durableBytes: 102, text: '' },
  { name: 'gzip elsewhere', format: 'gzip', info: ELSEWHERE, durableBytes: 102, text: '' },
  {
    name: 'gzip times',
    format: 'gzip',
    info: TIMES,
    durableBytes: 0,
    text: '{"ts":1769860800}\n{"ts":1769860801}\n',
  },
  { name: 'zstd block', format: 'zstd', info: ENTRIES, durableBytes: 0, text: '{"a":1}\n{"b":2}\n' },
];

test('docs/ARCHIVE.md shows these blocks, and no other', () => {
  expect([...BLOCKS.keys()].sort()).toEqual(GOLDEN.map(({ name }) => name).sort());
});

test('in docs/ARCHIVE.md the gap follows the block: what is durable is that block', () => {
  expect(BLOCKS.get('gzip block')).toHaveLength(102);
});

describe.each(GOLDEN)('the $name of docs/ARCHIVE.md', ({ name, format, info, durableBytes, text }) => {
  const bytes = BLOCKS.get(name) ?? Buffer.alloc(0);
  const head = decodeHead(FORMATS[format], bytes);
  const headBytes = head?.headBytes ?? 0;

  test('is decoded', async () => {
    expect(head?.header).toEqual({ ...info, memberLength: bytes.length, durableBytes });
    if (head === undefined) throw new Error('its header is not whole');
    expect((await inflateBody(FORMATS[format], head.header, bytes.subarray(headBytes))).toString()).toBe(
      text,
    );
  });

  test('is encoded to these bytes', () => {
    const trailerBytes = FORMATS[format].trailer(0, 0).length;
    const member = encodeMember(FORMATS[format], {
      ...info,
      body: bytes.subarray(headBytes, bytes.length - trailerBytes),
    });
    sealHeader(member.header, member.length, durableBytes);
    expect(Buffer.concat(member.pieces).toString('hex')).toBe(bytes.toString('hex'));
  });
});
