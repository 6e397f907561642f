import { constants } from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';
import { factsOf, type Content, type FileFacts, type Packing } from './content.ts';
import { PackedContent } from './packed_content.ts';
import { TailError } from './tail_error.ts';

/** Opens a file and looks how it is packed. Rejects with what the system says, or TailError. */
export async function openContent(path: string): Promise<Content> {
  // Not blocking: what was a file a moment ago may be a pipe now, and opening one waits for its writer.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    if (!(await file.stat()).isFile()) throw new TailError('not_a_file', `${path} is not a file`);
    const first = await firstBytes(file);
    const packing = packingOf(first, path);
    return packing === undefined
      ? new PlainContent(file, first.length < MAGIC_BYTES)
      : new PackedContent(file, packing);
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** What there is at a path; undefined where there is nothing. */
export async function factsAt(path: string): Promise<FileFacts | undefined> {
  try {
    return factsOf(await stat(path, { bigint: true }));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

class PlainContent implements Content {
  readonly isShort: boolean;
  readonly #file: FileHandle;

  constructor(file: FileHandle, isShort: boolean) {
    this.#file = file;
    this.isShort = isShort;
  }

  async readInto(buffer: Buffer, fill: number, position: number): Promise<number> {
    const from = fill;
    for (let bytesRead = -1; fill < buffer.length && bytesRead !== 0; fill += bytesRead) {
      ({ bytesRead } = await this.#file.read(buffer, fill, buffer.length - fill, position + fill - from));
    }
    return fill;
  }

  async size(): Promise<number> {
    return (await this.facts()).bytes;
  }

  async facts(): Promise<FileFacts> {
    return factsOf(await this.#file.stat({ bigint: true }));
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

const MAGIC_BYTES = 10;

async function firstBytes(file: FileHandle): Promise<Buffer> {
  const buffer = Buffer.alloc(MAGIC_BYTES);
  const { bytesRead } = await file.read(buffer, 0, MAGIC_BYTES, 0);
  return buffer.subarray(0, bytesRead);
}

/** How packed files begin, in hex. Log lines don't begin so. */
const MAGIC: readonly (readonly [RegExp, Packing | 'bzip2' | 'xz'])[] = [
  [/^1f8b08/, 'gzip'],
  [/^28b52ffd/, 'zstd'],
  [/^425a683[1-9]314159265359/, 'bzip2'],
  [/^fd377a585a00/, 'xz'],
];

function packingOf(first: Buffer, path: string): Packing | undefined {
  const hex = first.toString('hex');
  const packing = MAGIC.find(([magic]) => magic.test(hex))?.[1];
  if (packing !== 'bzip2' && packing !== 'xz') return packing;
  throw new TailError('packing', `${path} is packed with ${packing}, which is not read: exclude it`);
}
