/**
 * `rejected/plain.jsonl`: what plain peers sent that is not an entry, a line each:
 *
 *     {"receivedAt":"…","peer":"…","code":"…","reason":"…","text":"…"}
 *
 * The texts are many, or long, as their peer likes: they go from bytes to bytes, a piece at a time.
 */
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { sizeOf } from '../base/file_size.ts';
import type { Texts } from '../wire/plain.ts';

/** Past this the rejected are only counted: what a peer sends wrong must not fill the disk. */
const MAX_BYTES = 64 * 1024 * 1024;

const PIECE_BYTES = 64 * 1024;

export interface Rejection {
  /** Address of the peer it came from. */
  readonly peer: string;
  readonly code: string;
  readonly reason: string;
}

export class RejectedFile {
  readonly #path: string;
  readonly #folder: string;
  #writing: Promise<unknown> = Promise.resolve();

  constructor(dataFolder: string) {
    this.#folder = join(dataFolder, 'rejected');
    this.#path = join(this.#folder, 'plain.jsonl');
  }

  /** Writes the texts as they came; settles with how many the file had room for. Rejects where the disk does not take them. */
  add(texts: Texts, why: Rejection, now: number): Promise<number> {
    const known = JSON.stringify({ receivedAt: new Date(now).toISOString(), ...why });
    const head = Buffer.from(`${known.slice(0, -1)},"text":"`);
    const written = this.#writing.then(() => this.#append(head, texts.bytes));
    this.#writing = written.catch(() => undefined);
    return written;
  }

  async #append(head: Buffer, texts: Buffer): Promise<number> {
    await mkdir(this.#folder, { recursive: true });
    const before = await sizeOf(this.#path);
    const { count, textBytes } = whatFits(head, texts, MAX_BYTES - before);
    if (count === 0) return 0;
    await using file = await open(this.#path, 'a', 0o640);
    try {
      for (const piece of recordPieces(head, texts.subarray(0, textBytes))) await file.appendFile(piece);
    } catch (error) {
      await file.truncate(before).catch(ignoreSecondError);
      throw error;
    }
    return count;
  }
}

const TAB = 0x09;
const NEWLINE = 0x0a;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SMALL_T = 0x74;
const TAIL = Buffer.from('"}\n');

/** What stands behind a backslash for a byte of JSON text in a JSON string; 0 where it stands for itself. */
const ESCAPED = new Uint8Array(256);
ESCAPED[TAB] = SMALL_T;
ESCAPED[QUOTE] = QUOTE;
ESCAPED[BACKSLASH] = BACKSLASH;

/** How many of the texts, and of their bytes, make records that together are at most `room` bytes long. */
function whatFits(head: Buffer, texts: Buffer, room: number): { count: number; textBytes: number } {
  const fits = { count: 0, textBytes: 0 };
  let bytes = head.length + TAIL.length;
  for (let at = 0; at < texts.length && bytes <= room; at += 1) {
    const byte = texts[at] ?? 0;
    if (byte === NEWLINE) {
      fits.count += 1;
      fits.textBytes = at + 1;
      bytes += head.length + TAIL.length;
    } else bytes += ESCAPED[byte] === 0 ? 1 : 2;
  }
  return fits;
}

/** The records of the texts, in pieces: each is to be used before the next is asked for. */
function* recordPieces(head: Buffer, texts: Buffer): Generator<Buffer, void, undefined> {
  const piece = Buffer.allocUnsafe(PIECE_BYTES);
  let fill = head.copy(piece);
  for (let at = 0; at < texts.length; at += 1) {
    if (fill + TAIL.length + head.length > piece.length) {
      yield piece.subarray(0, fill);
      fill = 0;
    }
    const byte = texts[at] ?? 0;
    if (byte === NEWLINE) {
      fill += TAIL.copy(piece, fill);
      if (at + 1 < texts.length) fill += head.copy(piece, fill);
      continue;
    }
    const escaped = ESCAPED[byte] ?? 0;
    if (escaped !== 0) piece[fill++] = BACKSLASH;
    piece[fill++] = escaped === 0 ? byte : escaped;
  }
  yield piece.subarray(0, fill);
}

/** The first error is the one that is told. */
const ignoreSecondError = (): undefined => undefined;
