/**
 * One search of the dashboard, in a thread of its own. All that is asked for is looked through, from the newest segment on, and
 * the newest entries are kept: who looks for something wants to see the latest of it first.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { stepBack } from '../base/step_back.ts';
import { parseQuery } from '../query/query.ts';
import { QueryError } from '../query/query_error.ts';
import type { Match } from '../query/search.ts';
import { viewOf, type EntryView } from './entry_view.ts';
import { searchNewestFirst } from './newest_first.ts';

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
  /** Not all of the archive was looked through, */
  readonly isStopped: boolean;
  /** but all that was received since; undefined where it did not get so far. */
  readonly reachedMs?: number;
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
    const wanted = { kept: KEPT, keptBytes: LINE_SHOWN_BYTES, signal };
    const { matches, ...figures } = await searchNewestFirst(folder, query, wanted);
    const tookMs = Math.round(performance.now() - startedAt);
    return { entries: matches.map(shownOf), ...figures, tookMs };
  } catch (error) {
    if (error instanceof QueryError) return { problem: error.message.replaceAll('--', '') };
    throw error;
  }
}

function shownOf({ line, position, number, shipperId, receivedAtMs }: Match): EntryView {
  return viewOf(line.toString(), { shipperId, receivedAtMs }, { ...position, line: number }).view;
}

/** As a regular expression that means just this. */
function literally(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
