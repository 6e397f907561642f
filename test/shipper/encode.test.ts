import { crc32 } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import {
  encodeAgain,
  encodeBatch,
  rawOf,
  type Compression,
  type Encoded,
  type Mode,
} from '../../src/shipper/encode.ts';
import { giveBack, lend } from '../../src/base/large_buffers.ts';
import { decodeBatch, type Batch } from '../../src/wire/batch.ts';
import { decompress } from '../../src/wire/codecs.ts';
import { FrameDecoder } from '../../src/wire/decoder.ts';
import type { Frame } from '../../src/wire/frame.ts';

const RAW = Buffer.from('{"a":1.0,"big":12345678901234567890}\n{"b":"ключ 😀"}\n');
const LINES = RAW.toString().split('\n').slice(0, -1);
const POSITIONS = { '/a.log': { offset: 10, head: 'ab', headBytes: 2 } };
const BATCH = { sequence: 7, count: 2, raw: RAW, positions: POSITIONS };
const compression = (algorithm: Compression['algorithm'], bypassBelow = 0): Compression => ({
  algorithm,
  level: 6,
  bypassBelow,
});

function frameOf({ head, body }: Encoded): Frame {
  const [frame, ...more] = new FrameDecoder({ maxFrameBytes: 2 ** 24 }).push(Buffer.concat([head, body]));
  expect(more).toEqual([]);
  return frame as Frame;
}

const batchOf = (encoded: Encoded): Batch => {
  const { algorithm, payload } = frameOf(encoded);
  return decodeBatch(algorithm, payload);
};

async function plainTextOf(encoded: Encoded): Promise<string> {
  const { type, algorithm, payload } = frameOf(encoded);
  expect(type).toBe('PLAIN');
  return (await decompress(algorithm, payload, { maxBytes: 2 ** 24 })).toString();
}

describe('for a receiver that acknowledges', () => {
  test.each(['none', 'gzip', 'zlib', 'zstd'] as const)(
    'a BATCH, compressed with %s, says all of itself',
    async (algorithm) => {
      const encoded = await encodeBatch(BATCH, 'acked', compression(algorithm));
      const batch = batchOf(encoded);
      expect(batch).toMatchObject({
        sequence: 7,
        count: 2,
        rawLength: RAW.length,
        crc: crc32(RAW),
        positions: POSITIONS,
        algorithm,
      });
      expect(await decompress(algorithm, batch.body, { maxBytes: 1000 })).toEqual(RAW);
      expect(await rawOf(encoded)).toEqual(RAW);
    },
  );

  test.each([
    ['below the threshold', RAW.length + 1, 'none'],
    ['at the threshold', RAW.length, 'gzip'],
  ])('%s compression is %s bytes: %s', async (_, bypassBelow, algorithm) => {
    expect(batchOf(await encodeBatch(BATCH, 'acked', compression('gzip', bypassBelow))).algorithm).toBe(
      algorithm,
    );
  });
});

describe('for a plain receiver', () => {
  test.each(['none', 'gzip', 'zlib'] as const)(
    'a JSON array of the entries as they are, compressed with %s',
    async (algorithm) => {
      const encoded = await encodeBatch(BATCH, 'plain', compression(algorithm));
      expect(await plainTextOf(encoded)).toBe(`[${LINES.join(',')}]`);
      expect(frameOf(encoded).algorithm).toBe(algorithm);
      expect(encoded).toMatchObject({ sequence: 7, count: 2, positions: POSITIONS });
    },
  );

  test('CRLF and blanks around entries are still JSON', async () => {
    const raw = Buffer.from('{"a":1}\r\n {"b":2} \n');
    const text = await plainTextOf(await encodeBatch({ ...BATCH, raw }, 'plain', compression('none')));
    expect(JSON.parse(text)).toEqual([{ a: 1 }, { b: 2 }]);
  });

  test.each([
    [
      'is not JSON',
      ['{not json}', '{"good":1}'],
      [{ message: '{not json}', _error: 'not_json' }, { good: 1 }],
    ],
    ['is two objects', ['{"a":1}{"b":2}'], [{ message: '{"a":1}{"b":2}', _error: 'not_json' }]],
    [
      'is JSON only together with the next',
      ['{"a":[{}', '{}]}'],
      [
        { message: '{"a":[{}', _error: 'not_json' },
        { message: '{}]}', _error: 'not_json' },
      ],
    ],
  ])('a line that only looks like an entry because it %s becomes a message', async (_, lines, expected) => {
    const raw = Buffer.from(lines.map((line) => `${line}\n`).join(''));
    const text = await plainTextOf(
      await encodeBatch({ ...BATCH, count: lines.length, raw }, 'plain', compression('none')),
    );
    expect(JSON.parse(text)).toEqual(expected);
  });
});

describe('for a receiver of the other kind', () => {
  test.each<[Mode, Mode]>([
    ['acked', 'plain'],
    ['plain', 'acked'],
  ])('%s to %s: the same entries, number and positions', async (from, to) => {
    const before = await encodeBatch(BATCH, from, compression('gzip'));
    const again = await encodeAgain(before, to, compression('zlib'));
    expect(again).toEqual(await encodeBatch(BATCH, to, compression('zlib')));
  });

  test.each([
    ['short', ['{x}']],
    ['many short', Array.from({ length: 100 }, (_, n) => `{${n}}`)],
    ['full of quotes', ['{"""""""""""""""""""""""""""""}']],
  ])('lines that are not JSON, %s, survive the way to plain and back', async (_, lines) => {
    const raw = Buffer.from(lines.map((line) => `${line}\n`).join(''));
    const plain = await encodeBatch({ ...BATCH, count: lines.length, raw }, 'plain', compression('gzip'));
    const acked = batchOf(await encodeAgain(plain, 'acked', compression('none')));
    expect(acked.count).toBe(lines.length);
    const messages = acked.body
      .toString()
      .split('\n')
      .slice(0, -1)
      .map((line) => (JSON.parse(line) as { message: string }).message);
    expect(messages).toEqual(lines);
    expect(acked.rawLength).toBe(acked.body.length);
  });
});

describe('whose memory a body is', () => {
  const lentLines = (): Buffer => {
    const raw = lend(300_000);
    raw.fill('{"a":1}\n'.repeat(37_500));
    return raw;
  };

  test('what was compressed has its own, and what it was made from is given back', async () => {
    const raw = lentLines();
    const encoded = await encodeBatch({ ...BATCH, raw, isOwned: true }, 'acked', compression('gzip'));
    expect(encoded.isOwned).toBe(true);
    expect(giveBack(raw), 'it is given back already').toBe(false);
  });

  test.each([true, false])('what is not compressed lies in that of its batch, owned: %s', async (isOwned) => {
    const raw = lentLines();
    const encoded = await encodeBatch({ ...BATCH, raw, isOwned }, 'acked', compression('none'));
    expect(encoded.body.buffer).toBe(raw.buffer);
    expect(encoded.isOwned).toBe(isOwned);
    expect(giveBack(raw), 'nobody has given it back').toBe(true);
  });

  test('a batch made for another kind of receiver never takes the memory of the first with it', async () => {
    const raw = lentLines();
    const first = await encodeBatch({ ...BATCH, raw, isOwned: true }, 'acked', compression('none'));
    await encodeAgain(first, 'acked', compression('gzip'));
    expect(giveBack(raw), 'the first has it still').toBe(true);
  });
});
