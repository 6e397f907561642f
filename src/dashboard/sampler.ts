/**
 * Looks into what comes, as far as that is cheap: of a moment so many bytes are inflated and so many lines parsed. Up to
 * some thousand entries a second that is all of them, above it a sample: the newest of each moment.
 *
 *     archive ─▶ new blocks ─▶ some of them ─▶ some of their lines ─▶ insight, watchers, the latest entries
 */
import type { StoredBlock } from '../archive/block_reader.ts';
import { damageOf } from '../archive/block_reader.ts';
import { release } from '../base/large_buffers.ts';
import { isWanted, keptNames, type EntryFilter } from './entry_filter.ts';
import { viewOf, type EntryNames, type EntryView, type SeenEntry } from './entry_view.ts';
import { Insight } from './insight.ts';
import { NewBlocks } from './new_blocks.ts';
import { pastBlocks } from './past_blocks.ts';
import { shortCopy } from './short_copy.ts';
import { Watchers, type TailWord } from './watchers.ts';

/** A moment of so many entries, or fewer, is looked into as a whole; */
const MAX_LINES = 2000;
/** of one of more so many are enough. */
const SAMPLE_LINES = 500;
/** Inflated in a moment; one block is, however large. */
const MAX_BYTES = 1024 * 1024;

/** What a new viewer is shown at once. */
const LATEST_KEPT = 500;
const LATEST_SHOWN = 100;

/** Of each block of the past. */
const PAST_LINES = 50;

const HOUR_MS = 3600_000;

/** Of the line of one of the latest. */
const MAX_KEPT_TEXT = 2000;

const NEWLINE = 0x0a;

interface Seen {
  readonly entry: SeenEntry;
  /** The whole line. */
  readonly text: string;
}

interface Kept {
  readonly view: EntryView;
  readonly names: EntryNames;
  readonly line: string;
}

export class Sampler {
  readonly insight = new Insight();
  readonly #folder: string;
  readonly #blocks: NewBlocks;
  readonly #watchers = new Watchers();
  /** The latest entries looked into, with as much of their names and their line as a filter looks at in these. */
  readonly #latest: Kept[] = [];

  /** Of the archive in `folder`. */
  constructor(folder: string) {
    this.#folder = folder;
    this.#blocks = new NewBlocks(folder);
  }

  /** Looks at some of what came in the last hour, before it looks at anything else. */
  async past(nowMs: number): Promise<void> {
    for await (const block of pastBlocks(this.#folder, nowMs - HOUR_MS)) await this.#look(block, PAST_LINES);
  }

  /** Looks at what came since the last call, for viewers with these filters. */
  async moment(filters: readonly EntryFilter[]): Promise<TailWord[]> {
    this.#watchers.replace(filters);
    for (const { block, lines } of chooseBlocks(await this.#blocks.take()))
      for (const seen of await this.#look(block, lines)) this.#show(seen);
    return this.#watchers.told();
  }

  /** Of the latest entries those that a filter wants, oldest first. */
  latest(filter: EntryFilter): EntryView[] {
    return this.#latest
      .filter(({ names, line }) => isWanted(filter, names, () => line))
      .slice(-LATEST_SHOWN)
      .map(({ view }) => view);
  }

  /** Some entries of a block, counted in. */
  async #look(block: StoredBlock, maxLines: number): Promise<Seen[]> {
    const raw = await readWhole(block);
    if (raw === undefined) return [];
    const { header, position } = block;
    const seen: Seen[] = [];
    for (const { text, line } of lastLines(raw, header.count, maxLines)) {
      const entry = viewOf(text, header, { ...position, line });
      this.insight.add(entry, header.receivedAtMs);
      seen.push({ entry, text });
    }
    release(raw);
    return seen;
  }

  #show({ entry, text }: Seen): void {
    let lowerCase: string | undefined;
    this.#watchers.see(entry, () => (lowerCase ??= text.toLowerCase()));
    const line = shortCopy(text, MAX_KEPT_TEXT).toLowerCase();
    this.#latest.push({ view: entry.view, names: keptNames(entry.names), line });
    if (this.#latest.length > LATEST_KEPT) this.#latest.shift();
  }
}

/** Undefined for a block that is damaged, or gone: others say so. */
async function readWhole(block: StoredBlock): Promise<Buffer | undefined> {
  if (block.header.count === 0) return undefined;
  try {
    return await block.read();
  } catch (error) {
    if (damageOf(error) !== undefined) return undefined;
    throw error;
  }
}

/** Of these blocks the newest, in order, each with how many of its lines are to be looked into. */
export function chooseBlocks(blocks: readonly StoredBlock[]): { block: StoredBlock; lines: number }[] {
  const all = blocks.reduce((sum, { header }) => sum + header.count, 0);
  let lines = all <= MAX_LINES ? MAX_LINES : SAMPLE_LINES;
  let bytes = MAX_BYTES;
  const chosen: { block: StoredBlock; lines: number }[] = [];
  for (const block of blocks.toReversed()) {
    const { count, rawLength } = block.header;
    if (lines <= 0 || (rawLength > bytes && chosen.length > 0)) break;
    chosen.push({ block, lines: Math.min(lines, count) });
    lines -= count;
    bytes -= rawLength;
  }
  return chosen.toReversed();
}

/** The last lines of a block of `count`, in order, up to `max`, each with its number from 0. */
export function lastLines(raw: Buffer, count: number, max: number): { text: string; line: number }[] {
  const lines: { text: string; line: number }[] = [];
  let end = raw.length - 1;
  for (let line = count - 1; line >= 0 && lines.length < max; line -= 1) {
    const start = end === 0 ? 0 : raw.lastIndexOf(NEWLINE, end - 1) + 1;
    lines.push({ text: raw.toString('utf8', start, end), line });
    end = start - 1;
  }
  return lines.reverse();
}
