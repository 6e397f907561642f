/** The bytes of an open file as they were written: what was packed since is unpacked. */

/** How a rotated file may be packed. */
export type Packing = 'gzip' | 'zstd';

export interface Content {
  /** Undefined for a file that is read as it is, and may grow. */
  readonly packing?: Packing;
  /** True where it was too short, when it was opened, to tell how it is packed. */
  readonly isShort: boolean;
  /** Fills the buffer behind `fill`; the answer is where it is filled to: less than its end at the end of the file. */
  readInto(buffer: Buffer, fill: number, position: number): Promise<number>;
  /** How many bytes there are; undefined where that is not known before they are unpacked. */
  size(): Promise<number | undefined>;
  /** What the system says of the file itself. */
  facts(): Promise<FileFacts>;
  close(): Promise<void>;
}

export interface FileFacts {
  /** `device:inode`: no two files have it at a time. */
  readonly inode: string;
  /** Bytes on disk. */
  readonly bytes: number;
  readonly modifiedMs: number;
  readonly kind: 'file' | 'folder' | 'other';
}

/** Of a `stat` with big integers: an inode may be longer than a number holds exactly. */
export function factsOf(stats: {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly size: bigint;
  readonly mtimeMs: bigint;
  isFile(): boolean;
  isDirectory(): boolean;
}): FileFacts {
  return {
    inode: `${String(stats.dev)}:${String(stats.ino)}`,
    bytes: Number(stats.size),
    modifiedMs: Number(stats.mtimeMs),
    kind: stats.isFile() ? 'file' : stats.isDirectory() ? 'folder' : 'other',
  };
}

/** Some bytes; fewer at the end. */
export async function bytesAt(content: Content, position: number, length: number): Promise<Buffer> {
  if (length === 0) return Buffer.alloc(0);
  const buffer = Buffer.allocUnsafe(length);
  return buffer.subarray(0, await content.readInto(buffer, 0, position));
}
