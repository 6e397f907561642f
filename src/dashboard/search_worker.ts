/**
 * One search of the dashboard, in a thread of its own. All that is asked for is looked through, and the newest entries are
 * kept: who looks for something wants to see the latest of it first.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { stepBack } from '../base/step_back.ts';
import { parseQuery } from '../query/query.ts';
import { QueryError } from '../query/query_error.ts';
import { search, type Match } from '../query/search.ts';
import { viewOf, type EntryView } from './entry_view.ts';

export interface SearchOrder {
  /** The archive. */
  readonly folder: string;
  /** As the form has them; what is left out wants any. */
  readonly wishes: Readonly<
    Partial<Record<'since' | 'until' | 'level' | 'service' | 'tag' | 'text', string>>
  >;
  /** It stops after so long, with what it has. */
  readonly withinMs: number;
}

export interface SearchResult {
  /** The newest, newest first. */
  readonly entries: readonly EntryView[];
  /** How many there are. */
  readonly found: number;
  /** Not all of the archive was looked through: there may be newer ones. */
  readonly isStopped: boolean;
  /** Bytes that could not be read, or entries in them. */
  readonly damaged: number;
  readonly tookMs: number;
}

const KEPT = 200;

/** Of a longer line only the beginning is shown. */
const LINE_SHOWN_BYTES = 300 * 1024;

const order = workerData as SearchOrder;

stepBack();
parentPort?.postMessage(await answer(order));

async function answer({
  folder,
  wishes,
  withinMs,
}: SearchOrder): Promise<SearchResult | { problem: string }> {
  const startedAt = performance.now();
  try {
    const { text, ...options } = wishes;
    const grep = text === undefined ? {} : { grep: literally(text), ignoreCase: true };
    const query = parseQuery({ ...options, ...grep }, Date.now());
    const signal = AbortSignal.timeout(withinMs);
    let [found, damaged] = [0, 0];
    const newest: Match[] = [];
    const report = {
      damaged: (_at: unknown, _message: string, entries: number) => (damaged += Math.max(1, entries)),
    };
    for await (const match of search(folder, query, { signal, threads: 0, report })) {
      newest[found % KEPT] = match;
      found += 1;
    }
    const entries = newest.map((_, n) => newest[(found + n) % newest.length]).flatMap(shownOf);
    return {
      entries: entries.toReversed(),
      found,
      isStopped: signal.aborted,
      damaged,
      tookMs: Math.round(performance.now() - startedAt),
    };
  } catch (error) {
    if (error instanceof QueryError) return { problem: error.message.replaceAll('--', '') };
    throw error;
  }
}

function shownOf(match: Match | undefined): EntryView[] {
  if (match === undefined) return [];
  const { line, position, number, shipperId, receivedAtMs } = match;
  const text = line.toString('utf8', 0, LINE_SHOWN_BYTES);
  return [viewOf(text, { shipperId, receivedAtMs }, { ...position, line: number }).view];
}

/** As a regular expression that means just this. */
function literally(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
