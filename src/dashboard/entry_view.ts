/** What a page shows of an entry before more of it is asked for: short, whatever the entry is. */
import type { BlockHeader } from '../archive/block.ts';
import type { Position } from '../archive/commit_log.ts';
import type { Entry } from '../entry.ts';
import { columnsOf } from '../outputs/columns.ts';
import { shortCopy } from './short_copy.ts';

/** Where an entry is: the block, and the line in it from 0. */
export interface EntryPlace extends Position {
  readonly line: number;
}

/** Who sent it, and when it came. */
type Received = Pick<BlockHeader, 'shipperId' | 'receivedAtMs'>;

export interface EntryView {
  /** Milliseconds since 1970: what the entry says, else when it was received. */
  readonly timeMs: number;
  /** In capitals. */
  readonly level: string | null;
  readonly service: string | null;
  /** What it says; the line itself where it says nothing under a known name. */
  readonly message: string;
  readonly tags: readonly string[];
  /** The other members, as JSON without its braces. */
  readonly rest: string;
  readonly shipper: string;
  /** It is longer than what is shown. */
  readonly isCut: boolean;
  readonly place: EntryPlace;
}

/** What an entry is filtered and counted by, uncut: these may keep its whole line alive. */
export interface EntryNames {
  /** In capitals. */
  readonly level: string | null;
  readonly service: string | null;
  readonly tags: readonly string[];
}

/** What is seen of one line. */
export interface SeenEntry {
  readonly view: EntryView;
  readonly names: EntryNames;
  /** It is no JSON object, as it should be. */
  readonly isMalformed: boolean;
}

const MAX_MESSAGE = 400;
const MAX_REST = 240;
const MAX_NAME = 80;
const MAX_TAGS = 6;

/** A longer line is not looked into: it is shown by its beginning. */
const MAX_PARSED = 256 * 1024;

const NO_NAMES: EntryNames = { level: null, service: null, tags: [] };

/** What is seen of one line of a block. */
export function viewOf(line: string, header: Received, place: EntryPlace): SeenEntry {
  const entry = line.length > MAX_PARSED ? undefined : parse(line);
  if (entry === undefined)
    return {
      view: unparsed(line, header, place),
      names: NO_NAMES,
      isMalformed: line.length <= MAX_PARSED,
    };
  const columns = columnsOf({ line, entry }, header);
  const text = columns.message ?? line;
  const { level, service } = columns;
  const tags = columns.tags ?? [];
  const view = {
    timeMs: columns.timeMs,
    level: cutOrNull(level),
    service: cutOrNull(service),
    message: shortCopy(text, MAX_MESSAGE),
    tags: tags.slice(0, MAX_TAGS).map(cut),
    rest: columns.message === null ? '' : shortCopy(columns.rest.slice(1, -1), MAX_REST),
    shipper: header.shipperId,
    isCut: text.length > MAX_MESSAGE,
    place,
  };
  return { view, names: { level, service, tags }, isMalformed: false };
}

const unparsed = (line: string, { shipperId, receivedAtMs }: Received, place: EntryPlace): EntryView => ({
  timeMs: receivedAtMs,
  level: null,
  service: null,
  message: shortCopy(line, MAX_MESSAGE),
  tags: [],
  rest: '',
  shipper: shipperId,
  isCut: line.length > MAX_MESSAGE,
  place,
});

const cut = (text: string): string => shortCopy(text, MAX_NAME);
const cutOrNull = (text: string | null): string | null => (text === null ? null : cut(text));

function parse(line: string): Entry | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Entry)
      : undefined;
  } catch {
    return undefined;
  }
}
