/** Searches segments one after the other in a thread of its own, and no faster than what it finds is taken. */
import { isMarkedAsUntransferable, parentPort, workerData } from 'node:worker_threads';
import { parseSegmentName } from '../archive/segment_name.ts';
import { Signal } from '../base/signal.ts';
import { BlockSearch } from './block_search.ts';
import type { Found, Wanted } from './found.ts';
import type { Query } from './query.ts';
import { searchSegment } from './segment_search.ts';

/** What the thread is begun with. */
export interface SearchOrders {
  readonly folder: string;
  readonly query: Query;
  readonly wanted: Wanted;
  readonly limit: number;
}

/** The next segment, bytes `from` to `end`; or that so many bytes of what was found are taken. */
export type SearchRequest =
  | { readonly kind: 'segment'; readonly name: string; readonly from: number; readonly end: number }
  | { readonly kind: 'taken'; readonly bytes: number };

/** Some of what was found in the segment; `isLast` with the end of it. */
export interface SearchWord {
  readonly found: readonly Found[];
  readonly bytes: number;
  readonly isLast: boolean;
}

/** Found and not yet taken, at most, but for what one block holds. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;

/** Sent together: a message costs more than a small block. */
const TOGETHER_BYTES = 64 * 1024;

/** What is found takes so much memory beside its lines, about. */
const WORD_BYTES = 512;

const { folder, query, wanted, limit } = workerData as SearchOrders;
const orders = { folder, search: new BlockSearch(query), wanted, limit };
const taken = new Signal();
let waitingBytes = 0;

parentPort?.on('message', (request: SearchRequest) => {
  if (request.kind === 'segment') void searchNamed(request.name, request.from, request.end);
  else {
    waitingBytes -= request.bytes;
    taken.notify();
  }
});

async function searchNamed(name: string, from: number, end: number): Promise<void> {
  const segment = parseSegmentName(name);
  if (segment === undefined) throw new Error(`${name} is not the name of a segment`);
  let found: Found[] = [];
  let bytes = 0;
  const send = (isLast: boolean): void => {
    waitingBytes += bytes;
    tell({ found, bytes, isLast });
    found = [];
    bytes = 0;
  };
  for await (const one of searchSegment(orders, { segment, from, end })) {
    found.push(one.kind === 'block' ? { ...one, lines: alone(one.lines) } : one);
    bytes += WORD_BYTES + (one.kind === 'block' ? one.lines.length : 0);
    if (bytes < TOGETHER_BYTES) continue;
    send(false);
    while (waitingBytes > MAX_WAITING_BYTES) await taken.wait();
  }
  send(true);
}

/** The lines in memory of their own: a small block is inflated into memory that Node uses for others too, and gives to nobody. */
function alone(lines: Buffer): Buffer {
  if (!isMarkedAsUntransferable(lines.buffer)) return lines;
  const copy = Buffer.allocUnsafeSlow(lines.length);
  lines.copy(copy);
  return copy;
}

/** The memory of the lines goes over with them. */
function tell(word: SearchWord): void {
  const memory = word.found.flatMap((one) =>
    one.kind === 'block' && one.lines.length > 0 ? [one.lines.buffer as ArrayBuffer] : [],
  );
  parentPort?.postMessage(word, memory);
}
