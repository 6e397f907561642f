/**
 * What is to be written to the files of users, before it is: one record for any number of files, and one fsync. A record
 * says where in its file each run of bytes begins, so that writing it again changes nothing. It also says how far its
 * sources are read, so that entries and place can't disagree. Beside the record of a crash that is not whole, and cut:
 *
 *     offset  size  field
 *          0     4  CRC-32 of all behind it
 *          4     4  length of the JSON {"places":{…},"writes":[{"file":"user_bob/20000.jsonl","offset":0,"bytes":123},…]}
 *          8     4  length of the bytes to write
 *         12     …  the JSON, then the bytes of all writes
 *
 * The first record has no writes: it is what is left of a journal when all its writes are on disk.
 */
import { constants } from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { writeFileAtomically } from '../base/atomic_file.ts';
import type { Places } from './places.ts';
import { UserFilesError } from './user_files_error.ts';

export interface JournalWrite {
  /** Below the folder of all users. */
  readonly file: string;
  readonly offset: number;
  readonly bytes: Buffer;
}

export interface JournalRecord {
  readonly places: Places;
  readonly writes: readonly JournalWrite[];
}

const HEAD_BYTES = 12;

export class Journal implements AsyncDisposable {
  readonly #path: string;
  #file: FileHandle | undefined;
  /** Up to here it is known. */
  #end = 0;

  constructor(path: string) {
    this.#path = path;
  }

  get bytes(): number {
    return this.#end;
  }

  /** The records that are not known yet, this journal's own that failed among them; what is not whole behind them is cut. */
  async *unread(): AsyncGenerator<JournalRecord, void, undefined> {
    const file = await this.#current();
    const { size } = await file.stat();
    if (size === this.#end) return;
    await file.sync();
    while (this.#end < size) {
      const found = await readRecord(file, this.#end, size);
      if (found === undefined) break;
      yield found.record;
      this.#end = found.end;
    }
    if (this.#end === 0)
      throw new UserFilesError('damaged', `${this.#path} is damaged: its first record can't be read`);
    if (this.#end < size) await file.truncate(this.#end);
  }

  /** Settles once the record is durable. Where it rejects, the record may be there all the same: `unread` says. */
  async append(record: JournalRecord): Promise<void> {
    const file = await this.#current();
    if (this.#end === 0) throw new UserFilesError('damaged', `${this.#path} is to be read again first`);
    const bytes = encode(record);
    try {
      await writeAt(file, bytes, this.#end);
      await file.datasync();
      this.#end += bytes.length;
    } catch (error) {
      await file.truncate(this.#end);
      throw error;
    }
  }

  /** Begins anew, with the places alone: to be called when all writes are on disk. */
  async reset(places: Places): Promise<void> {
    await writeFileAtomically(this.#path, encode({ places, writes: [] }));
    await this[Symbol.asyncDispose]();
    this.#end = (await (await this.#current()).stat()).size;
  }

  /** All of it is unread again. */
  rewind(): void {
    this.#end = 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  /** The journal that has the name: another process may have begun it anew. */
  async #current(): Promise<FileHandle> {
    if (this.#file !== undefined) {
      const [named, opened] = await Promise.all([stat(this.#path), this.#file.stat()]);
      if (named.ino === opened.ino && named.dev === opened.dev) return this.#file;
      await this[Symbol.asyncDispose]();
    }
    this.#end = 0;
    return (this.#file = await open(this.#path, constants.O_RDWR));
  }
}

function encode({ places, writes }: JournalRecord): Buffer {
  const rows = writes.map(({ file, offset, bytes }) => ({ file, offset, bytes: bytes.length }));
  const json = Buffer.from(JSON.stringify({ places, writes: rows }));
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt32LE(json.length, 4);
  const record = Buffer.concat([head, json, ...writes.map(({ bytes }) => bytes)]);
  record.writeUInt32LE(record.length - HEAD_BYTES - json.length, 8);
  record.writeUInt32LE(crc32(record.subarray(4)), 0);
  return record;
}

/** The record at `from`; undefined where there is no whole one. */
async function readRecord(
  file: FileHandle,
  from: number,
  size: number,
): Promise<{ record: JournalRecord; end: number } | undefined> {
  if (size - from < HEAD_BYTES) return undefined;
  const head = await readAll(file, from, HEAD_BYTES);
  const jsonBytes = head.readUInt32LE(4);
  const end = from + HEAD_BYTES + jsonBytes + head.readUInt32LE(8);
  if (end > size) return undefined;
  const body = await readAll(file, from + HEAD_BYTES, end - from - HEAD_BYTES);
  if (crc32(body, crc32(head.subarray(4))) !== head.readUInt32LE(0)) return undefined;
  const { places, writes: rows } = JSON.parse(body.toString('utf8', 0, jsonBytes)) as {
    places: Places;
    writes: { file: string; offset: number; bytes: number }[];
  };
  let at = jsonBytes;
  const writes = rows.map((row) => ({ ...row, bytes: body.subarray(at, (at += row.bytes)) }));
  return { record: { places, writes }, end };
}

async function readAll(file: FileHandle, from: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  for (let done = 0; done < length;) {
    const { bytesRead } = await file.read(bytes, done, length - done, from + done);
    if (bytesRead === 0) return bytes.fill(0, done);
    done += bytesRead;
  }
  return bytes;
}

async function writeAt(file: FileHandle, bytes: Buffer, at: number): Promise<void> {
  for (let done = 0; done < bytes.length;)
    done += (await file.write(bytes, done, bytes.length - done, at + done)).bytesWritten;
}
