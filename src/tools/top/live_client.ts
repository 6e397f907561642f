/** What a receiver says of itself at `/live`, asked for from elsewhere. */
import type { LiveFigures, LiveSeries } from '../../monitor/live.ts';
import type { History } from '../../monitor/recent_seconds.ts';
import { hasLiveShape } from './live_shape.ts';

export interface LiveAnswer {
  readonly figures: LiveFigures;
  readonly history: History<LiveSeries>;
}

export interface LiveSource {
  /** Of its monitor: `http://127.0.0.1:8080`. */
  readonly url: URL;
  readonly token?: string;
}

/** An answer that does not come in this time is not waited for. */
const WITHIN_MS = 5000;

const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

/** Asks once, for the last so many seconds too. Rejects with an error that says what a person can do about it. */
export async function askLive(
  { url, token }: LiveSource,
  seconds: number,
  signal: AbortSignal,
): Promise<LiveAnswer> {
  const asked = new URL(`live?seconds=${seconds}`, url.href.endsWith('/') ? url : `${url.href}/`);
  const answer = await fetch(asked, {
    redirect: 'error',
    signal: AbortSignal.any([signal, AbortSignal.timeout(WITHIN_MS)]),
    ...(token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } }),
  }).catch((error: unknown) => {
    throw new Error(`no answer: ${reasonOf(error as Error)}`, { cause: error });
  });
  if (answer.status === 401) throw new Error('it wants a token: set METRICS_TOKEN or DASHBOARD_TOKEN');
  if (!answer.ok) throw new Error(`it answers ${answer.status}: is this the monitor of a receiver?`);
  return liveAnswer(await boundedText(answer));
}

async function boundedText({ body }: Response): Promise<string> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of (body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += piece.length;
    if (bytes > MAX_ANSWER_BYTES) throw new Error(`its answer is longer than ${MAX_ANSWER_BYTES} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}

/** Throws for what is no answer of a receiver. */
export function liveAnswer(text: string): LiveAnswer {
  const answer = parsed(text);
  if (!hasLiveShape(answer)) throw new Error('what it answers is not what a receiver of this version says');
  return answer as LiveAnswer;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What the network said is behind what fetch says. */
function reasonOf(error: Error): string {
  if (error.name === 'TimeoutError') return `nothing came within ${WITHIN_MS / 1000} s`;
  const { cause } = error;
  return cause instanceof Error ? ((cause as { code?: string }).code ?? cause.message) : error.message;
}
