/** One entry, read again from where the archive has it. */
import { damageOf, readBlocks } from '../archive/block_reader.ts';
import { readCommitted } from '../archive/committed.ts';
import { parseSegmentName } from '../archive/segment_name.ts';
import { DashboardError } from './dashboard_error.ts';
import type { EntryPlace } from './entry_view.ts';

/** Of a line more is not shown: `cat` and `query` do. */
const MAX_SHOWN_BYTES = 1024 * 1024;

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

/** Throws DashboardError `gone` where it is not there any more. */
export async function readStoredEntry(folder: string, place: EntryPlace): Promise<StoredEntry> {
  const name = parseSegmentName(place.segment);
  const mark = await readCommitted(folder);
  const isAhead = mark?.segment === place.segment && place.offset >= mark.offset;
  const gone = `${place.segment} has no such entry any more`;
  if (name === undefined || isAhead) throw new DashboardError('gone', gone);
  try {
    for await (const { header, read } of readBlocks(folder, name, place.offset)) {
      const raw = await read();
      const bytes = lineOf(raw, place.line);
      if (bytes === undefined) break;
      const { shipperId: shipper, sequence, receivedAtMs } = header;
      const isCut = bytes.length > MAX_SHOWN_BYTES;
      const line = bytes.toString('utf8', 0, MAX_SHOWN_BYTES);
      return { line, bytes: bytes.length, isCut, shipper, sequence, receivedAtMs };
    }
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    if (!isMissing && damageOf(error) === undefined) throw error;
    throw new DashboardError('gone', gone, { cause: error });
  }
  throw new DashboardError('gone', gone);
}

/** The line of this number, from 0; undefined where there are fewer. */
function lineOf(raw: Buffer, number: number): Buffer | undefined {
  let start = 0;
  for (let line = 0; start < raw.length; line += 1) {
    const newline = raw.indexOf(0x0a, start);
    const end = newline === -1 ? raw.length : newline;
    if (line === number) return raw.subarray(start, end);
    start = end + 1;
  }
  return undefined;
}
