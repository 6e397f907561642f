/** `check`: what processors do to a sample, line by line, for a person to read. Nothing is shipped. */
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { LineCutter, type Cut } from '../../base/lines.ts';
import type { Line } from './line.ts';
import { pipelineOf } from './pipeline.ts';
import { total, type ProcessCounts } from './process_counts.ts';
import type { Outcome } from './processor.ts';
import { asksForAnything, type ProcessorRules } from './rules.ts';

export interface CheckOptions {
  readonly rules: ProcessorRules;
  readonly sampleName: string;
  readonly maxLineBytes: number;
  readonly headOf: (sourceName: string) => string;
}

const RUN_BYTES = 1024 * 1024;

/** Longer texts are cut: what a line says is seen at its beginning. */
const SHOWN_CHARACTERS = 2000;

/** Prints what `checkSample` says. A reader that has seen enough and closes the pipe is no error. */
export async function printCheck(
  input: AsyncIterable<Buffer>,
  options: CheckOptions,
  output: Writable,
): Promise<void> {
  async function* text(): AsyncGenerator<string> {
    for await (const line of checkSample(input, options)) yield `${line}\n`;
  }
  try {
    await pipeline(Readable.from(text()), output, { end: false });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
  }
}

/** Yields lines to print, without line breaks in them and safe for a terminal. */
export async function* checkSample(
  input: AsyncIterable<Buffer>,
  { rules, sampleName, maxLineBytes, headOf }: CheckOptions,
): AsyncGenerator<string, void, undefined> {
  const told: { line: Line; outcome: Outcome }[] = [];
  const { shaperOf, counts } = pipelineOf({
    rules,
    headOf,
    onLine: (line, outcome) => told.push({ line, outcome }),
  });
  const shaper = shaperOf(sampleName);
  const cutter = new LineCutter(maxLineBytes);
  let number = 1;
  if (!asksForAnything(rules)) yield 'no processor is configured: lines are shipped as they are';
  const tellAll = function* (runs: Iterable<{ lines: { bytes: Buffer } }>): Generator<string> {
    const entries = [...runs].flatMap(({ lines }) => lines.bytes.toString('utf8').split('\n').slice(0, -1));
    for (const { line, outcome } of told.splice(0)) {
      yield* describe(number, line, outcome, outcome.kind === 'kept' ? entries.shift() : undefined);
      number += line.count;
    }
    for (const piece of entries) yield `${number}: a piece of a line that is too long: ${shown(piece)}`;
  };
  const shape = function* (cut: Cut): Generator<string> {
    yield* tellAll(shaper.shape(cut, RUN_BYTES));
    if (cut.kind === 'piece' && cut.isLast) number += 1;
  };
  for await (const bytes of input) for (const cut of cutter.push(bytes)) yield* shape(cut);
  for (const cut of cutter.end()) yield* shape(cut);
  yield* tellAll(shaper.flush(RUN_BYTES));
  yield '';
  yield* summary(counts);
}

function* describe(number: number, line: Line, outcome: Outcome, entry = ''): Generator<string> {
  const where = line.count === 1 ? `${number}` : `${number}-${number + line.count - 1}`;
  switch (outcome.kind) {
    case 'blank':
      return;
    case 'header':
      yield `${where}: header: ${shown(line.text)}`;
      return;
    case 'dropped':
      yield `${where}: DROPPED by ${shown(outcome.rule)}: ${shown(line.text)}`;
      return;
    case 'kept': {
      const error = outcome.error === undefined ? '' : `, DID NOT PARSE (${outcome.error})`;
      const tags = outcome.tags.length === 0 ? '' : `, tagged ${outcome.tags.join(', ')}`;
      yield `${where}: kept${error}${tags}`;
      yield `    ${shown(entry)}`;
    }
  }
}

function* summary(counts: ProcessCounts): Generator<string> {
  const { lines, entries, joined, blank, headers, pieces, filtered, unparsed, tagged } = counts;
  yield `${lines} lines: ${entries} entries, ${total(filtered)} filtered out, ${joined} joined to the entry before, ${blank} blank, ${headers} header${pieces === 0 ? '' : `; and ${pieces} pieces of lines that are too long`}`;
  for (const [title, table] of Object.entries({
    'filtered out by': filtered,
    'did not parse': unparsed,
    tagged,
  }))
    for (const [name, number] of table) yield `  ${title} ${shown(name)}: ${number}`;
}

/** Safe for a terminal: characters that steer one are written as escapes. */
function shown(text: string): string {
  const cut =
    text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}… (${text.length} characters)` : text;
  return cut.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
