/**
 * Compares a file of lines with what arrived of it. Where the bytes are the same, in the same order, that is all; else the
 * lines are compared in any order, by 64 bits of their hashes: in a file of two million lines it is one chance in nine
 * million that two lines are taken for the same one.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { NO_LOSSES, type Losses } from './losses.ts';

const NEWLINE = 0x0a;

/** `received` is called once or twice, and gives what arrived from its beginning each time. */
export async function checkLines(sentPath: string, received: () => AsyncIterable<Buffer>): Promise<Losses> {
  if (await isSame(sentPath, received())) return NO_LOSSES;
  const sent = await sortedHashes(createReadStream(sentPath, { highWaterMark: 2 ** 20 }));
  return compare(sent, await sortedHashes(received()));
}

async function isSame(path: string, chunks: AsyncIterable<Buffer>): Promise<boolean> {
  await using file = await open(path);
  let position = 0;
  for await (const chunk of chunks) {
    const expected = Buffer.allocUnsafe(chunk.length);
    const { bytesRead } = await file.read(expected, 0, chunk.length, position);
    if (bytesRead < chunk.length || !expected.equals(chunk)) return false;
    position += chunk.length;
  }
  return position === (await file.stat()).size;
}

async function sortedHashes(chunks: AsyncIterable<Buffer>): Promise<BigUint64Array> {
  const hashes: bigint[] = [];
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, start)) {
      hashes.push(hashOf(bytes.subarray(start, end)));
      start = end + 1;
    }
    rest = bytes.subarray(start);
  }
  if (rest.length > 0) hashes.push(hashOf(rest));
  return BigUint64Array.from(hashes).sort();
}

const hashOf = (line: Buffer): bigint => createHash('md5').update(line).digest().readBigUInt64LE();

/** Both are sorted. */
function compare(sent: BigUint64Array, received: BigUint64Array): Losses {
  let lost = 0;
  let repeated = 0;
  let damaged = 0;
  for (let s = 0, r = 0; s < sent.length || r < received.length;) {
    const hash = smaller(sent[s], received[r]);
    const timesSent = runOf(sent, s, hash);
    const timesReceived = runOf(received, r, hash);
    if (timesSent === 0) damaged += timesReceived;
    else {
      lost += Math.max(0, timesSent - timesReceived);
      repeated += Math.max(0, timesReceived - timesSent);
    }
    s += timesSent;
    r += timesReceived;
  }
  return { lost, repeated, damaged };
}

function smaller(a: bigint | undefined, b: bigint | undefined): bigint | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a < b ? a : b;
}

/** How many from `start` on are `hash`. */
function runOf(hashes: BigUint64Array, start: number, hash: bigint | undefined): number {
  let end = start;
  while (end < hashes.length && hashes[end] === hash) end += 1;
  return end - start;
}
