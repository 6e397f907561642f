import { LineCutter, type Cut } from '../../../base/lines.ts';
import type { SourcePosition } from '../../../entry.ts';
import type { EntriesOfCut } from '../../entry_lines.ts';
import type { Shaper } from '../../shaper.ts';
import type { Chunk } from '../../source.ts';
import { NEWLINE, ZERO, parseLostLine } from './journal_file.ts';

export interface FileReadingOptions {
  readonly name: string;
  /** Where the receiver stands in it; undefined for its beginning. */
  readonly place: SourcePosition | undefined;
  readonly maxLineBytes: number;
  readonly maxChunkBytes: number;
  readonly shaper: Shaper;
}

const NO_LINES = { bytes: Buffer.alloc(0), count: 0 };

/** Behind a newline: the beginning of a line of the journal's own. */
const OWN_LINE = Buffer.of(NEWLINE, ZERO);

/** The bytes of one file of a journal, in order, to chunks that say where they end in it. */
export class FileReading {
  readonly #options: FileReadingOptions;
  readonly #cutter: LineCutter;
  /** Bytes that are in chunks. */
  #offset: number;
  /** Where the next bytes are to be read. */
  at: number;

  constructor(options: FileReadingOptions) {
    const { place, maxLineBytes } = options;
    this.#options = options;
    this.#cutter = new LineCutter(maxLineBytes, place?.part);
    this.#offset = this.at = place?.offset ?? 0;
  }

  /** Bytes of a line that is not whole yet. */
  get restBytes(): number {
    return this.#cutter.restBytes;
  }

  /** The chunks that these bytes, which lie at `at`, complete. */
  *push(bytes: Buffer): Generator<Chunk, void, undefined> {
    this.at += bytes.length;
    for (const cut of this.#cutter.push(bytes))
      if (cut.kind === 'lines') yield* this.#lines(cut.bytes);
      else yield* this.#shaped(cut);
  }

  /** What was held back: the file is complete. */
  *end(): Generator<Chunk, void, undefined> {
    yield* this.#chunks(this.#options.shaper.flush(this.#options.maxChunkBytes));
  }

  *#lines(bytes: Buffer): Generator<Chunk, void, undefined> {
    for (let start = 0; start < bytes.length;) {
      const isOwn = bytes[start] === ZERO;
      const nextOwn = bytes.indexOf(OWN_LINE, start);
      const end = isOwn ? bytes.indexOf(NEWLINE, start) + 1 : nextOwn === -1 ? bytes.length : nextOwn + 1;
      const part = bytes.subarray(start, end);
      if (isOwn) yield this.#lost(part);
      else yield* this.#shaped({ kind: 'lines', bytes: part });
      start = end;
    }
  }

  #lost(line: Buffer): Chunk {
    this.#offset += line.length;
    const lost = parseLostLine(line);
    return { lines: NO_LINES, positions: this.#positions(), ...(lost === undefined ? {} : { lost }) };
  }

  #shaped(cut: Cut): Generator<Chunk, void, undefined> {
    const part = cut.kind === 'piece' && !cut.isLast ? { part: cut.part } : {};
    return this.#chunks(this.#options.shaper.shape(cut, this.#options.maxChunkBytes), part);
  }

  *#chunks(
    entries: Iterable<EntriesOfCut>,
    part: Pick<SourcePosition, 'part'> = {},
  ): Generator<Chunk, void, undefined> {
    for (const { lines, sourceBytes } of entries) {
      this.#offset += sourceBytes;
      yield { lines, positions: this.#positions(part) };
    }
  }

  #positions(part: Pick<SourcePosition, 'part'> = {}): Chunk['positions'] {
    return { [this.#options.name]: { offset: this.#offset, head: '', headBytes: 0, ...part } };
  }
}
