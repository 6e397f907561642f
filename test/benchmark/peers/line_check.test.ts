import { Readable } from 'node:stream';
import { writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { checkLines } from '../../../benchmark/peers/line_check.ts';
import { temporaryFolder } from '../../helpers/temp_folder.ts';

const SENT = 'one\ntwo\nthree\ntwice\ntwice\n';

test.each([
  { what: 'the same', arrived: SENT, losses: [0, 0, 0] },
  { what: 'the same in another order', arrived: 'twice\nthree\ntwo\none\ntwice\n', losses: [0, 0, 0] },
  { what: 'nothing', arrived: '', losses: [5, 0, 0] },
  { what: 'the end missing', arrived: 'one\ntwo\n', losses: [3, 0, 0] },
  { what: 'one of two alike missing', arrived: 'one\ntwo\nthree\ntwice\n', losses: [1, 0, 0] },
  { what: 'a line twice', arrived: `${SENT}one\n`, losses: [0, 1, 0] },
  { what: 'the whole twice', arrived: SENT + SENT, losses: [0, 5, 0] },
  { what: 'a line changed', arrived: SENT.replace('three', 'thre3'), losses: [1, 0, 1] },
  { what: 'a line cut at the end', arrived: SENT.slice(0, -3), losses: [1, 0, 1] },
  { what: 'lines run together', arrived: SENT.replace('one\n', 'one'), losses: [2, 0, 1] },
  { what: 'a line never sent', arrived: `${SENT}four\n`, losses: [0, 0, 1] },
])('what arrived is $what', async ({ arrived, losses: [lost, repeated, damaged] }) => {
  await using folder = await temporaryFolder();
  const path = folder.in('sent');
  await writeFile(path, SENT);
  for (const chunkBytes of [1, 3, 1000])
    expect(await checkLines(path, () => inChunks(arrived, chunkBytes))).toEqual({ lost, repeated, damaged });
});

function inChunks(text: string, bytes: number): AsyncIterable<Buffer> {
  const whole = Buffer.from(text);
  const starts = Array.from({ length: Math.ceil(whole.length / bytes) }, (_, n) => n * bytes);
  return Readable.from(starts.map((start) => whole.subarray(start, start + bytes)));
}
