/**
 * Compares entries that clients made up with those that arrived. Each client numbers its own from 1 on, so every number up
 * to what the clients sent is to be there as often as there are clients that came so far. The rest of an entry is random: it
 * counts as whole where its shape is.
 */
import type { Losses } from './losses.ts';

/** Ours have a host, a session and a request id besides. */
/** One flat object of texts and numbers, with the time at its start and the number at its end. */
const WHOLE = /^\{"timestamp":"[-:.TZ\d]{24}",(?:"[a-z_]+":(?:"[^"{}]*"|\d+),)+"n":([1-9]\d*)\}$/;

/** `sent` says of each client how many it sent. */
export async function checkEntries(
  received: AsyncIterable<Buffer>,
  sent: readonly number[],
): Promise<Losses> {
  const most = Math.max(...sent);
  const times = new Uint32Array(most + 1);
  let damaged = 0;
  for await (const line of linesOf(received)) {
    const n = Number(WHOLE.exec(line)?.[1]);
    if (n <= most) times[n] = (times[n] ?? 0) + 1;
    else damaged += 1;
  }
  let lost = 0;
  let repeated = 0;
  const ends = sent.toSorted((a, b) => a - b);
  let ended = 0;
  for (let n = 1; n <= most; n += 1) {
    while ((ends[ended] ?? most) < n) ended += 1;
    const difference = (times[n] ?? 0) - (sent.length - ended);
    if (difference > 0) repeated += difference;
    else lost -= difference;
  }
  return { lost, repeated, damaged };
}

async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + chunk.toString('latin1')).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (rest !== '') yield rest;
}
