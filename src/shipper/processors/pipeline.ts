/**
 * Processors between a source's lines and its entries:
 *
 *     lines ─▶ multiline ─▶ filter on the line ─▶ parse ─▶ filter on fields ─▶ tag ─▶ drop · redact · add ─▶ entries
 *
 * What is held back (an entry that may go on) or dropped is in `sourceBytes` when it is done with, and not before: a source
 * that begins again begins at an entry. Nothing else is kept from line to line but the format of the source.
 */
import type { Cut } from '../../base/lines.ts';
import { pieceOfLine, type EntriesOfCut } from '../entry_lines.ts';
import type { Shaper, ShaperOf } from '../shaper.ts';
import { CutText, Line } from './line.ts';
import { joinerOf, type Joined, type Joiner } from './multiline.ts';
import { ProcessCounts, countOne } from './process_counts.ts';
import { Processor, stagesOf, type Outcome, type Stages } from './processor.ts';
import { redactedPiece } from './redact.ts';
import { joinsLines, type ProcessorRules } from './rules.ts';
import { RunWriter } from './run_writer.ts';

export interface PipelineOptions {
  readonly rules: ProcessorRules;
  /** How the source of this name begins; nothing where it is not known before its lines come. */
  readonly headOf: (sourceName: string) => string;
  /** Told of every line and what became of it. */
  readonly onLine?: (line: Line, outcome: Outcome) => void;
}

/** Processors as configured, and what they have done so far for all sources. */
export function pipelineOf(options: PipelineOptions): { shaperOf: ShaperOf; counts: ProcessCounts } {
  const counts = new ProcessCounts();
  const shared = {
    ...options,
    counts,
    stages: stagesOf(options.rules),
    joiner: joinerOf(options.rules.multiline),
  };
  return { counts, shaperOf: (sourceName) => new PipelineShaper(shared, options.headOf(sourceName)) };
}

interface Shared extends PipelineOptions {
  readonly counts: ProcessCounts;
  readonly stages: Stages;
  readonly joiner: Joiner;
}

const NOTHING = Buffer.alloc(0);

class PipelineShaper implements Shaper {
  readonly #shared: Shared;
  readonly #head: string;
  readonly #isJoining: boolean;
  #processor: Processor | undefined;
  /** Whole lines of an entry that may go on: a copy. */
  #held: Buffer = NOTHING;

  constructor(shared: Shared, head: string) {
    this.#shared = shared;
    this.#head = head;
    this.#isJoining = joinsLines(shared.rules.multiline);
  }

  *shape(cut: Cut, maxBytes: number): Generator<EntriesOfCut, void, undefined> {
    if (cut.kind === 'piece') {
      yield inOne([...this.flush(maxBytes), this.#piece(cut)]);
      return;
    }
    const bytes = this.#held.length === 0 ? cut.bytes : Buffer.concat([this.#held, cut.bytes]);
    this.#held = NOTHING;
    yield* this.#entries(bytes, this.#shared.joiner.ends(bytes), maxBytes);
  }

  *flush(maxBytes: number): Generator<EntriesOfCut, void, undefined> {
    const bytes = this.#held;
    if (bytes.length === 0) return;
    this.#held = NOTHING;
    yield* this.#entries(bytes, [{ end: bytes.length, lines: linesIn(bytes) }], maxBytes);
  }

  *#entries(
    bytes: Buffer,
    ends: Iterable<Joined>,
    maxBytes: number,
  ): Generator<EntriesOfCut, void, undefined> {
    const { counts, onLine } = this.#shared;
    const text = new CutText(bytes);
    const writer = new RunWriter(bytes, maxBytes);
    const processor = (this.#processor ??= new Processor(this.#shared.stages, this.#headBefore(bytes)));
    let start = 0;
    for (const { end, lines } of ends) {
      const line = new Line(text, start, end, lines);
      const outcome = processor.process(line);
      count(counts, line, outcome);
      onLine?.(line, outcome);
      if (outcome.kind === 'kept') {
        writer.skip(line.start - start);
        const full = writer.add(outcome.written, line.start, end);
        if (full !== undefined) yield full;
      } else writer.skip(end - start);
      start = end;
    }
    this.#held = this.#isJoining && start < bytes.length ? Buffer.from(bytes.subarray(start)) : NOTHING;
    if (!writer.isEmpty) yield writer.take();
  }

  /** A source whose beginning is not known begins with the first lines that come. */
  #headBefore(bytes: Buffer): string {
    return this.#head === '' ? bytes.toString('utf8', 0, HEAD_BYTES) : this.#head;
  }

  /** A piece of a line that is too long is no line: it is redacted, and nothing else. */
  #piece({ bytes, part, isLast }: Extract<Cut, { kind: 'piece' }>): EntriesOfCut {
    const { counts, stages } = this.#shared;
    const lines = redactedPiece(pieceOfLine(bytes, part, isLast), stages.redact);
    counts.pieces += 1;
    return { lines, sourceBytes: bytes.length + (isLast ? 1 : 0) };
  }
}

/** A position in the middle of a line is of its pieces alone, so what was held back before it goes in the same run. */
function inOne(runs: readonly EntriesOfCut[]): EntriesOfCut {
  const [only] = runs;
  if (only !== undefined && runs.length === 1) return only;
  return {
    lines: {
      bytes: Buffer.concat(runs.map(({ lines }) => lines.bytes)),
      count: runs.reduce((sum, { lines }) => sum + lines.count, 0),
    },
    sourceBytes: runs.reduce((sum, { sourceBytes }) => sum + sourceBytes, 0),
  };
}

/** Enough for the lines that tell the format. */
export const HEAD_BYTES = 64 * 1024;

function count(counts: ProcessCounts, line: Line, outcome: Outcome): void {
  counts.lines += line.count;
  if (outcome.kind === 'blank') counts.blank += line.count;
  else counts.joined += line.count - 1;
  if (outcome.kind === 'header') counts.headers += 1;
  if (outcome.kind === 'dropped') countOne(counts.filtered, outcome.rule);
  if (outcome.kind !== 'kept') return;
  counts.entries += 1;
  for (const tag of outcome.tags) countOne(counts.tagged, tag);
  if (outcome.error !== undefined) countOne(counts.unparsed, outcome.error);
}

function linesIn(bytes: Buffer): number {
  let lines = 0;
  for (let at = bytes.indexOf(0x0a); at !== -1; at = bytes.indexOf(0x0a, at + 1)) lines += 1;
  return lines;
}
