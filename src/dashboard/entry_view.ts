/** What a page shows of an entry before more of it is asked for: short, whatever the entry is. */
import type { BlockHeader } from '../archive/block.ts';
import type { Position } from '../archive/commit_log.ts';
import type { Entry } from '../entry.ts';
import { columnsOf } from '../outputs/columns.ts';

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

const MAX_MESSAGE = 400;
const MAX_REST = 240;
const MAX_NAME = 80;
const MAX_TAGS = 6;

/** A longer line is not looked into: it is shown by its beginning. */
const MAX_PARSED = 256 * 1024;

/** What is shown of one line of a block, and whether it is JSON as it should be. */
export function viewOf(
  line: string,
  header: Received,
  place: EntryPlace,
): { readonly view: EntryView; readonly isMalformed: boolean } {
  const entry = line.length > MAX_PARSED ? undefined : parse(line);
  if (entry === undefined)
    return { view: unparsed(line, header, place), isMalformed: line.length <= MAX_PARSED };
  const columns = columnsOf({ line, entry }, header);
  const text = columns.message ?? line;
  const view = {
    timeMs: columns.timeMs,
    level: cutOrNull(columns.level),
    service: cutOrNull(columns.service),
    message: text.slice(0, MAX_MESSAGE),
    tags: (columns.tags ?? []).slice(0, MAX_TAGS).map(cut),
    rest: columns.message === null ? '' : columns.rest.slice(1, -1).slice(0, MAX_REST),
    shipper: header.shipperId,
    isCut: text.length > MAX_MESSAGE,
    place,
  };
  return { view, isMalformed: false };
}

const unparsed = (line: string, { shipperId, receivedAtMs }: Received, place: EntryPlace): EntryView => ({
  timeMs: receivedAtMs,
  level: null,
  service: null,
  message: line.slice(0, MAX_MESSAGE),
  tags: [],
  rest: '',
  shipper: shipperId,
  isCut: line.length > MAX_MESSAGE,
  place,
});

const cut = (text: string): string => text.slice(0, MAX_NAME);
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
