import { PassThrough, Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { pipe } from '../../../src/shipper/sources/pipe.ts';
import { chunksOf, linesIn } from '../../helpers/chunks.ts';

const sourceOf = (input: Readable, maxLineBytes = 1000) => pipe({ input, maxLineBytes });
const linesOf = async (...pieces: (string | Buffer)[]): Promise<string[]> =>
  linesIn(await chunksOf(sourceOf(Readable.from(pieces.map((piece) => Buffer.from(piece))))));

describe('the lines of a stream', () => {
  test.each([
    ['whole', ['{"a":1}\n{"b":2}\n'], ['{"a":1}', '{"b":2}']],
    ['in pieces', ['{"a"', ':1}\n{"b', '":2}', '\n'], ['{"a":1}', '{"b":2}']],
    ['byte by byte', '{"a":1}\ntext\n'.split(''), ['{"a":1}', '{"message":"text"}']],
    ['without a newline at the end', ['{"a":1}\n{"b":2}'], ['{"a":1}', '{"b":2}']],
    ['nothing', [], []],
  ])('%s', async (_, pieces, expected) => {
    expect(await linesOf(...pieces)).toEqual(expected);
  });

  test('a character cut between two pieces is whole', async () => {
    const bytes = Buffer.from('{"a":"😀"}\n');
    expect(await linesOf(bytes.subarray(0, 8), bytes.subarray(8))).toEqual(['{"a":"😀"}']);
  });

  test('a long line goes in pieces, the last one also at the end of the stream', async () => {
    const chunks = await chunksOf(sourceOf(Readable.from([Buffer.from('x'.repeat(25))]), 10));
    expect(linesIn(chunks).map((line) => JSON.parse(line) as unknown)).toEqual([
      { message: 'x'.repeat(10), _part: 1, _last: false },
      { message: 'x'.repeat(10), _part: 2, _last: false },
      { message: 'x'.repeat(5), _part: 3, _last: true },
    ]);
  });
});

test('told to stop, it gives what the stream has given so far, and ends', async () => {
  const input = new PassThrough();
  const stop = new AbortController();
  const lines: string[] = [];
  input.write('{"a":1}\n{"half":');
  for await (const chunk of sourceOf(input).read({}, stop.signal, 2 ** 20)) {
    lines.push(...linesIn([chunk]));
    stop.abort();
  }
  expect(lines).toEqual(['{"a":1}', '{"message":"{\\"half\\":"}']);
  expect(input.destroyed).toBe(true);
});

test('an error of the stream is an error of the source, after what came before it', async () => {
  const input = new PassThrough();
  const lines: string[] = [];
  const reading = (async () => {
    for await (const chunk of sourceOf(input).read({}, new AbortController().signal, 2 ** 20)) {
      lines.push(...linesIn([chunk]));
      input.destroy(new Error('the pipe broke'));
    }
  })();
  input.write('{"a":1}\n');
  await expect(reading).rejects.toThrow('the pipe broke');
  expect(lines).toEqual(['{"a":1}']);
});
