/** One entry, read again from where the archive has it. */
import { damageOf, readBlocks } from '../archive/block_reader.ts';
import { readCommitted } from '../archive/committed.ts';
import { parseSegmentName } from '../archive/segment_name.ts';
import { release } from '../base/large_buffers.ts';
import { DashboardError } from './dashboard_error.ts';
import type { EntryPlace } from './entry_view.ts';

/** Of a line more is not shown: `cat` and `query` do. */
const MAX_SHOWN_BYTES = 1024 * 1024;

/** For each a whole block is inflated. */
const MAX_AT_ONCE = 2;

export interface StoredEntry {
  readonly line: string;
  /** Of the whole line. */
  readonly bytes: number;
  readonly isCut: boolean;
  readonly shipper: string;
  readonly sequence: number;
  readonly receivedAtMs: number;
}

/** The place that the query of an address says. Throws DashboardError `bad_request`. */
export function placeOf(query: URLSearchParams): EntryPlace {
  const segment = query.get('segment') ?? '';
  const [offset, line] = ['offset', 'line'].map((name) => query.get(name) ?? '') as [string, string];
  if (parseSegmentName(segment) === undefined || ![offset, line].every((text) => /^\d{1,15}$/.test(text)))
    throw new DashboardError('bad_request', 'expected segment, offset and line, as the live tail gives them');
  return { segment, offset: Number(offset), line: Number(line) };
}

/** Reads entries of the archive in `folder`, a few at once. Throws DashboardError `too_many`, or `gone` where it is not there any more. */
export function storedEntries(folder: string): (place: EntryPlace) => Promise<StoredEntry> {
  let reading = 0;
  return async (place) => {
    if (reading >= MAX_AT_ONCE)
      throw new DashboardError('too_many', 'other entries are being read: try again in a moment');
    reading += 1;
    try {
      return await readStoredEntry(folder, place);
    } finally {
      reading -= 1;
    }
  };
}

async function readStoredEntry(folder: string, place: EntryPlace): Promise<StoredEntry> {
  const name = parseSegmentName(place.segment);
  const mark = await readCommitted(folder);
  const isAhead = mark?.segment === place.segment && place.offset >= mark.offset;
  const gone = `${place.segment} has no such entry any more`;
  if (name === undefined || isAhead) throw new DashboardError('gone', gone);
  try {
    for await (const { header, read } of readBlocks(folder, name, place.offset)) {
      const raw = await read();
      const found = lineOf(raw, place.line);
      release(raw);
      if (found === undefined) break;
      const { shipperId: shipper, sequence, receivedAtMs } = header;
      return { ...found, shipper, sequence, receivedAtMs };
    }
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    if (!isMissing && damageOf(error) === undefined) throw error;
    throw new DashboardError('gone', gone, { cause: error });
  }
  throw new DashboardError('gone', gone);
}

/** The line of this number, from 0; undefined where there are fewer. */
function lineOf(raw: Buffer, number: number): Pick<StoredEntry, 'line' | 'bytes' | 'isCut'> | undefined {
  let start = 0;
  for (let line = 0; start < raw.length; line += 1) {
    const newline = raw.indexOf(0x0a, start);
    const end = newline === -1 ? raw.length : newline;
    if (line === number) return shownOf(raw.subarray(start, end));
    start = end + 1;
  }
  return undefined;
}

const shownOf = (line: Buffer): Pick<StoredEntry, 'line' | 'bytes' | 'isCut'> => ({
  line: line.toString('utf8', 0, MAX_SHOWN_BYTES),
  bytes: line.length,
  isCut: line.length > MAX_SHOWN_BYTES,
});
