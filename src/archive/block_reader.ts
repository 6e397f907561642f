/** Walks the blocks of one segment, from header to header. */
import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { ArchiveError } from './archive_error.ts';
import type { BlockHeader } from './block.ts';
import type { Position } from './commit_log.ts';
import { decodeHead, inflateBody } from './format.ts';
import type { SegmentName } from './segment_name.ts';

/** Read ahead by this much: a segment of the default size in five reads. */
const WINDOW_BYTES = 1024 * 1024;

/** A header of 64 KiB and what leads to it: more is never needed to decode one. */
const MAX_HEAD_BYTES = 64 * 1024 + 64;

/** Where blocks are hopped over: most headers lie in the first kilobyte, and few blocks are shorter than a read. */
const LIKELY_HEAD_BYTES = 1024;
const HEADS_WINDOW_BYTES = 16 * 1024;

/** What is known of a block by its header. */
export interface StoredHead {
  readonly header: BlockHeader;
  readonly position: Position;
  /** The offset of whatever follows it. */
  readonly endOffset: number;
}

/** A block as found in the archive. */
export interface StoredBlock extends StoredHead {
  /** The entries as gzip or zstd alone has them, unchecked: any tool inflates it. It is a view of what was read. */
  readonly packed: Buffer;
  /** The raw NDJSON, checked. Throws ArchiveError `damaged`. */
  readonly read: () => Promise<Buffer>;
}

/**
 * Yields the blocks of a segment that begin at or after `from`. At bytes that are no whole block it throws ArchiveError
 * `damaged` with a `BlockDamage` cause: a torn tail looks the same as damage to a reader.
 */
export async function* readBlocks(
  folder: string,
  segment: SegmentName,
  from = 0,
): AsyncGenerator<StoredBlock> {
  await using file = await open(join(folder, segment.name), 'r');
  const window = new Window(file);
  let offset = from;
  for (;;) {
    const stored = await blockAt(window, segment, offset);
    if (stored === undefined) return;
    yield stored;
    offset = stored.endOffset;
  }
}

/** As `readBlocks`, the headers alone, with little more read than they are: the last one's body may be cut short. */
export async function* readHeads(folder: string, segment: SegmentName, from = 0): AsyncGenerator<StoredHead> {
  await using file = await open(join(folder, segment.name), 'r');
  const window = new Window(file, HEADS_WINDOW_BYTES);
  let offset = from;
  for (;;) {
    const position = { segment: segment.name, offset };
    const bytes = await window.at(offset, LIKELY_HEAD_BYTES);
    if (bytes.length === 0) return;
    const { header } =
      decoded(bytes, segment, position) ?? headIn(await window.at(offset, MAX_HEAD_BYTES), segment, position);
    const endOffset = offset + header.memberLength;
    yield { header, position, endOffset };
    offset = endOffset;
  }
}

/** The offset of the next block that begins at `offset` or after it and has a whole header, or undefined: for going on behind damage. */
export async function findBlock(
  folder: string,
  segment: SegmentName,
  offset: number,
): Promise<number | undefined> {
  await using file = await open(join(folder, segment.name), 'r');
  const { size } = await file.stat();
  const window = new Window(file);
  const { magic } = segment.format;
  for (let at = offset; at < size;) {
    const bytes = await window.at(at, WINDOW_BYTES);
    const found = bytes.indexOf(magic);
    if (found === -1) at += Math.max(1, bytes.length - magic.length + 1);
    else if (await hasHeader(window, segment, at + found)) return at + found;
    else at += found + 1;
  }
  return undefined;
}

type Extent = Pick<BlockDamage, 'isTorn' | 'nextAt'>;

/** Where a segment stops being whole blocks. */
export class BlockDamage extends Error {
  override readonly name = 'BlockDamage';
  readonly position: Position;
  /** True where the segment just ends too early, as a write that was cut leaves it; false where its bytes are wrong. */
  readonly isTorn: boolean;
  /** Before this no other block begins: where the header is whole that is its end, for a body may be made to look like a block. */
  readonly nextAt: number;

  constructor(position: Position, message: string, { isTorn, nextAt }: Extent) {
    super(message);
    this.position = position;
    this.isTorn = isTorn;
    this.nextAt = nextAt;
  }
}

/** The damage behind an error of this module, or undefined for any other error. */
export function damageOf(error: unknown): BlockDamage | undefined {
  return error instanceof ArchiveError && error.cause instanceof BlockDamage ? error.cause : undefined;
}

async function blockAt(
  window: Window,
  segment: SegmentName,
  offset: number,
): Promise<StoredBlock | undefined> {
  const position = { segment: segment.name, offset };
  const bytes = await window.at(offset, MAX_HEAD_BYTES);
  if (bytes.length === 0) return undefined;
  const { header, headBytes } = headIn(bytes, segment, position);
  const member = await window.at(offset, header.memberLength);
  const endOffset = offset + header.memberLength;
  if (member.length < header.memberLength)
    throw damaged(position, 'the segment ends inside a block', { isTorn: true, nextAt: endOffset });
  return {
    header,
    position,
    endOffset,
    // A gzip member is one with the header in it; a zstd frame follows it.
    packed: segment.format.name === 'gzip' ? member : member.subarray(headBytes),
    async read() {
      try {
        return await inflateBody(segment.format, header, member.subarray(headBytes));
      } catch (cause) {
        throw damaged(position, (cause as Error).message, { isTorn: false, nextAt: endOffset });
      }
    },
  };
}

type Head = ReturnType<typeof decodeHead>;

function headIn(bytes: Buffer, segment: SegmentName, position: Position): NonNullable<Head> {
  const head = decoded(bytes, segment, position);
  if (head !== undefined) return head;
  const extent = { isTorn: true, nextAt: position.offset + 1 };
  throw damaged(position, 'the segment ends inside a block header', extent);
}

/** Undefined where `bytes` end before the header does. */
function decoded(bytes: Buffer, segment: SegmentName, position: Position): Head {
  try {
    return decodeHead(segment.format, bytes);
  } catch (cause) {
    throw damaged(position, (cause as Error).message, { isTorn: false, nextAt: position.offset + 1 });
  }
}

async function hasHeader(window: Window, segment: SegmentName, offset: number): Promise<boolean> {
  try {
    return decodeHead(segment.format, await window.at(offset, MAX_HEAD_BYTES)) !== undefined;
  } catch (error) {
    if (error instanceof ArchiveError) return false;
    throw error;
  }
}

function damaged(position: Position, message: string, extent: Extent): ArchiveError {
  return new ArchiveError('damaged', `${position.segment} at byte ${position.offset}: ${message}`, {
    cause: new BlockDamage(position, message, extent),
  });
}

/** A file seen through one buffer that is replaced, never overwritten: views of it stay good. */
class Window {
  readonly #file: FileHandle;
  readonly #windowBytes: number;
  #bytes = Buffer.alloc(0);
  #from = 0;
  #reachesEnd = false;

  constructor(file: FileHandle, windowBytes = WINDOW_BYTES) {
    this.#file = file;
    this.#windowBytes = windowBytes;
  }

  /** Up to `length` bytes from `offset`: fewer only at the end of the file. */
  async at(offset: number, length: number): Promise<Buffer> {
    const isPast = offset + length > this.#from + this.#bytes.length && !this.#reachesEnd;
    if (offset < this.#from || isPast) await this.#load(offset, length);
    return this.#bytes.subarray(offset - this.#from, offset - this.#from + length);
  }

  async #load(offset: number, length: number): Promise<void> {
    const { size } = await this.#file.stat();
    const buffer = Buffer.allocUnsafeSlow(
      Math.min(Math.max(length, this.#windowBytes), Math.max(0, size - offset)),
    );
    let fill = 0;
    while (fill < buffer.length) {
      const { bytesRead } = await this.#file.read(buffer, fill, buffer.length - fill, offset + fill);
      if (bytesRead === 0) break;
      fill += bytesRead;
    }
    this.#bytes = buffer.subarray(0, fill);
    this.#from = offset;
    this.#reachesEnd = offset + fill >= size;
  }
}
