/**
 * A worker's archive. A block goes in as it is. One that is not the next of its shipper here follows blocks that another
 * worker wrote, in its own archive: a block of no entries says so first, so that `verify` can tell that from a loss.
 */
import type { Archive } from '../archive/archive.ts';
import { ArchiveError } from '../archive/archive_error.ts';
import type { Block, BlockHeader } from '../archive/block.ts';
import type { ShipperNumbers } from '../archive/commit_log.ts';
import { FORMATS, type FormatName, type SegmentFormat } from '../archive/format.ts';
import { nextPlace, placeIn } from '../archive/resume.ts';
import { release } from '../base/large_buffers.ts';
import type { StreamBlock, WorkTarget } from './work_target.ts';

export interface ArchiveTargetOptions {
  /** Closed with the target. */
  readonly archive: Archive;
  /** Of the archive. */
  readonly format: FormatName;
  /** For blocks of the other format. */
  readonly level: number;
  /** A block that can't be stored, ever, and why. */
  readonly refused: (stream: string, sequence: number, reason: string) => void;
}

export class ArchiveTarget implements WorkTarget {
  readonly #options: ArchiveTargetOptions;
  readonly #format: SegmentFormat;
  /** Where shippers stand in the archive, with what it was given and has not written yet. */
  readonly #numbers = new Map<string, ShipperNumbers>();
  /** Shippers with more sources than an archive keeps positions of. Nobody asks a worker's for them: they are in the bucket too. */
  readonly #crowded = new Set<string>();

  constructor(options: ArchiveTargetOptions) {
    this.#options = options;
    this.#format = FORMATS[options.format];
  }

  async write(stream: string, blocks: readonly StreamBlock[]): Promise<void> {
    const errors = await this.#appendAll(stream, blocks);
    if (errors.length === 0) return;
    this.#numbers.clear();
    const other = errors.find(({ error }) => codeOf(error) !== 'too_many_sources');
    const crowded = errors.filter(({ error }) => codeOf(error) === 'too_many_sources');
    for (const { block } of crowded) this.#crowded.add(block.header.shipperId);
    if (crowded.length > 0) return this.write(stream, blocks);
    throw other?.error;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#options.archive[Symbol.asyncDispose]();
  }

  /** Appends them all, and answers with what went wrong. */
  async #appendAll(
    stream: string,
    blocks: readonly StreamBlock[],
  ): Promise<{ readonly block: StreamBlock; readonly error: unknown }[]> {
    const errors: { readonly block: StreamBlock; readonly error: unknown }[] = [];
    const appending: Promise<void>[] = [];
    for (const block of blocks) {
      try {
        for (const one of await this.#asStored(stream, block))
          appending.push(
            this.#append(one, stream, block.sequence).catch(
              (error: unknown) => void errors.push({ block, error }),
            ),
          );
      } catch (error) {
        errors.push({ block, error });
        break;
      }
    }
    await Promise.all(appending);
    return errors;
  }

  async #append(block: Block, stream: string, sequence: number): Promise<void> {
    try {
      await this.#options.archive.append(block);
    } catch (error) {
      if (codeOf(error) !== 'conflict') throw error;
      this.#options.refused(stream, sequence, (error as Error).message);
    }
  }

  /** What is to be appended for a block: itself, where it is not there already, and what is elsewhere before it. */
  async #asStored(stream: string, block: StreamBlock): Promise<Block[]> {
    const { header } = block;
    const { shipperId, epoch, sequence } = header;
    const numbers = this.#numbers.get(shipperId) ?? (await this.#options.archive.resumePoint(shipperId));
    const last = placeIn(numbers, epoch);
    if (last !== undefined && sequence <= last.sequence) return this.#readable(stream, block);
    const first = header.gap?.from ?? sequence;
    const isNext = last !== undefined && first === last.sequence + 1;
    if (last !== undefined && first <= last.sequence) {
      this.#options.refused(
        stream,
        block.sequence,
        `it is a gap from ${first} on, and ${last.sequence} is there`,
      );
      return [];
    }
    const stored = await this.#readable(stream, block);
    if (stored.length > 0) this.#numbers.set(shipperId, nextPlace(numbers, header));
    if (isNext || last === undefined || stored.length === 0) return stored;
    return [await this.#elsewhere(header, last.sequence + 1, first - 1), ...stored];
  }

  /** The block as this archive has it; nothing where its body is damaged. */
  async #readable(stream: string, block: StreamBlock): Promise<Block[]> {
    try {
      return [await this.#inFormat(block)];
    } catch (error) {
      this.#options.refused(stream, block.sequence, (error as Error).message);
      return [];
    }
  }

  async #elsewhere(header: BlockHeader, from: number, to: number): Promise<Block> {
    const { shipperId, epoch, receivedAtMs } = header;
    const nothing = { count: 0, rawLength: 0, crc: 0, positions: {} };
    const body = await this.#format.compress(Buffer.alloc(0), 1);
    const gap = { from, entries: 0, reason: 'in another archive', elsewhere: true } as const;
    return { shipperId, epoch, sequence: to, receivedAtMs, ...nothing, gap, body };
  }

  async #inFormat({ format, header, body }: StreamBlock): Promise<Block> {
    const positions = this.#crowded.has(header.shipperId) ? {} : header.positions;
    if (format === this.#format) return { ...header, positions, body };
    const { rawLength } = header;
    const raw = await format.inflate(body, { maxBytes: Math.max(1, rawLength), expectedBytes: rawLength });
    try {
      return { ...header, positions, body: await this.#format.compress(raw, this.#options.level) };
    } finally {
      release(raw);
    }
  }
}

const codeOf = (error: unknown): string | undefined =>
  error instanceof ArchiveError ? error.code : undefined;
