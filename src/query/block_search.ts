/** One block held against a query. */
import type { BlockHeader } from '../archive/block.ts';
import { lineFinder, type LineFinder } from './line_finder.ts';
import { lineMatcher, type LineMatcher } from './line_matcher.ts';
import { looksIntoLines, type Query } from './query.ts';
import { signsOf } from './signs.ts';

const NEWLINE = 0x0a;

/** What the header alone says of a block: none of its lines is wanted, all are, or it takes a look at them. */
export type Verdict = 'none' | 'all' | 'look';

/** Lines of a block that are wanted. */
export interface FoundLines {
  readonly count: number;
  /** The lines, each with its newline, in memory of their own or that of the block. */
  readonly bytes: Buffer;
  /** The number of each in its block, from 0; empty where nobody asked for them. */
  readonly numbers: Uint32Array;
}

export interface Wishes {
  /** No more lines than that. */
  readonly limit: number;
  readonly withNumbers: boolean;
}

export class BlockSearch {
  readonly #query: Query;
  readonly #looksIntoLines: boolean;
  readonly #find: LineFinder;
  readonly #findAny: LineFinder = lineFinder(undefined);
  /** Every line that is found by its signs is wanted. */
  readonly #isExact: boolean;
  readonly #matches: LineMatcher;
  readonly #matchesInTime: LineMatcher;

  constructor(query: Query) {
    const signs = signsOf(query);
    this.#query = query;
    this.#looksIntoLines = looksIntoLines(query);
    this.#find = lineFinder(signs);
    this.#isExact = signs?.isAll === true;
    this.#matches = lineMatcher(query, false);
    this.#matchesInTime = lineMatcher(query, true);
  }

  verdict(header: BlockHeader): Verdict {
    const { shipper } = this.#query;
    if (header.count === 0 || (shipper !== undefined && header.shipperId !== shipper)) return 'none';
    const inTime = this.#inTime(header);
    if (inTime === 'none') return 'none';
    return inTime === 'all' && !this.#looksIntoLines ? 'all' : 'look';
  }

  /** The lines of a block that are wanted, `raw` being its NDJSON. */
  lines(header: BlockHeader, raw: Buffer, { limit, withNumbers }: Wishes): FoundLines {
    const spans: number[] = [];
    const isInTime = this.#inTime(header) === 'all';
    const matches = isInTime ? this.#matchesInTime : this.#matches;
    const isSure = isInTime && (this.#isExact || !this.#looksIntoLines);
    const find = this.#looksIntoLines ? this.#find : this.#findAny;
    find(raw, (start, end) => {
      if (isSure || matches(raw, start, end, header.receivedAtMs)) spans.push(start, end);
      return spans.length / 2 < limit;
    });
    const numbers = withNumbers ? numbersOf(raw, spans) : NO_NUMBERS;
    return { count: spans.length / 2, bytes: gathered(raw, spans), numbers };
  }

  #inTime({ times }: BlockHeader): Verdict {
    const { sinceMs = -Infinity, untilMs = Infinity } = this.#query;
    if (sinceMs === -Infinity && untilMs === Infinity) return 'all';
    if (times === undefined) return 'look';
    if (times.lastMs < sinceMs || times.firstMs >= untilMs) return 'none';
    return times.firstMs >= sinceMs && times.lastMs < untilMs ? 'all' : 'look';
  }
}

const NO_NUMBERS = new Uint32Array(0);

/** The lines of these spans, [start, end) and so on. Where a damaged block ends without a newline one is put there. */
function gathered(raw: Buffer, spans: readonly number[]): Buffer {
  let bytes = 0;
  for (let at = 0; at < spans.length; at += 2) bytes += endOf(spans, at) - startOf(spans, at);
  if (bytes === raw.length) return raw;
  const lines = Buffer.allocUnsafeSlow(bytes);
  let fill = 0;
  for (let at = 0; at < spans.length; at += 2)
    fill += raw.copy(lines, fill, startOf(spans, at), endOf(spans, at));
  if (fill < bytes) lines[fill] = NEWLINE;
  return lines;
}

function numbersOf(raw: Buffer, spans: readonly number[]): Uint32Array {
  const numbers = new Uint32Array(spans.length / 2);
  let number = 0;
  let line = 0;
  for (let at = 0; at < spans.length; at += 2) {
    for (; line < startOf(spans, at); number += 1) line = raw.indexOf(NEWLINE, line) + 1;
    numbers[at / 2] = number;
  }
  return numbers;
}

const startOf = (spans: readonly number[], at: number): number => spans[at] ?? 0;

/** Behind the newline. */
const endOf = (spans: readonly number[], at: number): number => (spans[at + 1] ?? 0) + 1;
