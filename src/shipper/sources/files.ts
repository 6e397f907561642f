/** `send`: files read once, from where the receiver says the last run ended. */
import { createHash } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import { lend } from '../../base/large_buffers.ts';
import type { Logger } from '../../base/logger.ts';
import { LineCutter, type Cut } from '../../base/lines.ts';
import type { SourcePosition, SourcePositions } from '../../entry.ts';
import type { EntriesOfCut } from '../entry_lines.ts';
import { asTheyAre, type ShaperOf } from '../shaper.ts';
import type { Chunk, Source } from '../source.ts';

/** The head by which a file is known again. */
const HEAD_BYTES = 1024;

export interface FilesOptions {
  /** Absolute paths, shipped in this order. */
  readonly paths: readonly string[];
  /** Bytes read at a time: with as much as fits a batch, a chunk becomes a batch without being copied. */
  readonly readBytes: number;
  readonly maxLineBytes: number;
  readonly shaperOf?: ShaperOf;
  readonly log: Logger;
}

/**
 * Files as a source. Each file is read to the end it has when it is reached. A file that is not the one the position
 * speaks of (its head differs, or it is shorter than its position) is shipped from its start, and that is said.
 */
export function files(options: FilesOptions): Source {
  return {
    name: 'files',
    canReread: true,
    async *read(from, signal, maxChunkBytes) {
      for (const path of options.paths) {
        if (signal.aborted) return;
        yield* readFile(path, from, { ...options, maxChunkBytes }, signal);
      }
    },
  };
}

/** Rejects where one of the paths is not a file that can be read, before anything is shipped. */
export async function expectFiles(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    await using file = await open(path, 'r');
    if (!(await file.stat()).isFile()) throw new Error(`${path} is not a file`);
  }
}

async function* readFile(
  path: string,
  from: SourcePositions,
  options: FilesOptions & { readonly maxChunkBytes: number },
  signal: AbortSignal,
): AsyncGenerator<Chunk> {
  await using file = await open(path, 'r');
  const start = await startOf(file, path, Object.hasOwn(from, path) ? from[path] : undefined, options.log);
  const cutter = new LineCutter(options.maxLineBytes, start.part);
  let { offset } = start;
  const { head, headBytes } = start;
  const shaper = (options.shaperOf ?? asTheyAre)(path);
  function* chunksOf(entries: Iterable<EntriesOfCut>, part = {}): Generator<Chunk> {
    for (const { lines, sourceBytes } of entries) {
      offset += sourceBytes;
      yield { lines, positions: { [path]: { offset, head, headBytes, ...part } } };
    }
  }
  const shaped = (cut: Cut): Chunk[] => {
    const part = cut.kind === 'piece' && !cut.isLast ? { part: cut.part } : {};
    return [...chunksOf(shaper.shape(cut, options.maxChunkBytes), part)];
  };
  for (let at = offset; !signal.aborted;) {
    const { restBytes } = cutter;
    const buffer = lend(Math.max(options.readBytes, restBytes * 2));
    cutter.moveRest(buffer);
    const end = await readInto(buffer, restBytes, file, at);
    const bytes = buffer.subarray(0, end);
    at += end - restBytes;
    const chunks = [...cutter.push(bytes)].flatMap(shaped);
    const [only] = chunks;
    if (only !== undefined && chunks.length === 1) yield { ...only, isOwned: true };
    else yield* chunks;
    if (end > restBytes) continue;
    const last = [...cutter.end()].flatMap(shaped);
    for (const chunk of [...last, ...chunksOf(shaper.flush(options.maxChunkBytes))])
      yield withoutAddedNewline(chunk, path, at);
    return;
  }
}

/** A last line without a newline is given one: the position must not count it. */
function withoutAddedNewline(chunk: Chunk, path: string, size: number): Chunk {
  const position = chunk.positions[path];
  return position === undefined || position.offset <= size
    ? chunk
    : { ...chunk, positions: { [path]: { ...position, offset: size } } };
}

/** Where to begin in the file as it is now. */
async function startOf(
  file: FileHandle,
  path: string,
  known: SourcePosition | undefined,
  log: Logger,
): Promise<SourcePosition> {
  const { size } = await file.stat();
  const headBytes = Math.min(HEAD_BYTES, size);
  const fresh = { offset: 0, head: await headOf(file, headBytes), headBytes };
  if (known === undefined) return fresh;
  const isSame = size >= known.headBytes && (await headOf(file, known.headBytes)) === known.head;
  if (isSame && known.offset <= size) {
    if (known.offset > 0)
      log.info({ path, offset: known.offset, size }, `${path}: going on at byte ${known.offset} of ${size}`);
    return known;
  }
  const what = isSame
    ? `it is ${size} bytes long, shorter than the ${known.offset} bytes shipped`
    : 'it begins with other bytes than the file shipped before';
  log.warn(
    { path, offset: known.offset, size },
    `${path} has changed since (${what}): shipping it from its start`,
  );
  return fresh;
}

async function headOf(file: FileHandle, length: number): Promise<string> {
  const bytes = length > HEAD_BYTES ? Buffer.alloc(0) : await readAt(file, 0, length);
  return createHash('sha256').update(bytes).digest('hex');
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  return buffer.subarray(0, await readInto(buffer, 0, file, position));
}

/** Fills the buffer behind `fill` from the file; the answer is where it is filled to: less than its end at the end of the file. */
async function readInto(buffer: Buffer, fill: number, file: FileHandle, position: number): Promise<number> {
  const from = fill;
  for (let bytesRead = -1; fill < buffer.length && bytesRead !== 0; fill += bytesRead) {
    ({ bytesRead } = await file.read(buffer, fill, buffer.length - fill, position + fill - from));
  }
  return fill;
}
