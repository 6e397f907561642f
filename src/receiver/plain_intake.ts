import type { CommitLog } from '../archive/commit_log.ts';
import type { ByteBudget } from '../base/byte_budget.ts';
import type { Logger } from '../base/logger.ts';
import type { Ledger } from '../monitor/ledger.ts';
import { decompress } from '../wire/codecs.ts';
import type { Frame } from '../wire/frame.ts';
import { decodePlain, type PlainLimits, type Texts } from '../wire/plain.ts';
import { WireError } from '../wire/wire_error.ts';
import type { BlockBuilder } from './block_builder.ts';
import type { CheckOptions } from './check_batch.ts';
import type { PeerLog } from './peer_log.ts';
import type { RejectedFile } from './rejected_file.ts';
import type { Taken } from './taken.ts';

/** What the taking in of batches needs; all sessions of a receiver share it. */
export interface IntakeContext {
  readonly check: CheckOptions & PlainLimits;
  readonly archive: CommitLog;
  readonly plain: BlockBuilder;
  readonly rejected: RejectedFile;
  /** Decompressed bytes in memory, over all connections. */
  readonly inflating: ByteBudget;
  readonly ledger: Ledger;
  readonly log: Logger;
  /** For what peers cause to be logged. */
  readonly peers: PeerLog;
  readonly now: () => number;
}

/**
 * Takes the entries of a PLAIN frame. Elements that are not objects, or too long, are kept in `rejected/`, the others
 * stored. Throws WireError for a payload that is no array.
 */
export async function takePlain(frame: Frame, peer: string, context: IntakeContext): Promise<Taken> {
  const { algorithm, payload } = frame;
  if (algorithm === 'zstd')
    throw new WireError('bad_algorithm', 'a PLAIN frame is not compressed, or gzip, or zlib');
  const { maxBatchBytes } = context.check;
  await context.plain.hasRoom();
  const likely = Math.min(maxBatchBytes, likelyBytes(algorithm, payload));
  try {
    return await takeWithin(likely, frame, peer, context);
  } catch (error) {
    const isLarger = error instanceof WireError && error.code === 'batch_too_large' && likely < maxBatchBytes;
    if (!isLarger) throw error;
    return takeWithin(maxBatchBytes, frame, peer, context);
  }
}

/** zlib does not say how much it holds: so many times its size, mostly less. */
const LIKELY_RATIO = 16;

/** How much a payload holds, if it does not lie. Small peers are not to wait for room that they don't need. */
function likelyBytes(algorithm: Frame['algorithm'], payload: Buffer): number {
  if (algorithm === 'none') return payload.length;
  const isSaid = algorithm === 'gzip' && payload.length >= GZIP_LEAST_BYTES;
  return Math.max(1024, isSaid ? payload.readUInt32LE(payload.length - 4) : payload.length * LIKELY_RATIO);
}

/** gzip's header and trailer; the last four bytes say how much it holds. */
const GZIP_LEAST_BYTES = 18;

/** Holds as much of the budget until the entries are compressed again. Throws `batch_too_large` where it takes more. */
async function takeWithin(
  maxBytes: number,
  { algorithm, payload }: Frame,
  peer: string,
  context: IntakeContext,
): Promise<Taken> {
  const { inflating, plain, ledger, check } = context;
  const { promise, resolve, reject } = Promise.withResolvers<Taken>();
  const work = async (): Promise<void> => {
    const { entries, rejected, tooLarge } = decodePlain(
      await decompress(algorithm, payload, { maxBytes }),
      check,
    );
    ledger.received += entries.count + rejected.count + tooLarge.count;
    await keepRejected('not_an_object', rejected, peer, context);
    await keepRejected('entry_too_large', tooLarge, peer, context);
    const added = entries.count === 0 ? undefined : plain.take(entries);
    resolve({ count: entries.count, durable: added?.durable ?? Promise.resolve() });
    await added?.packed;
  };
  inflating.hold(maxBytes, work).catch(reject);
  return promise;
}

const REASONS = {
  not_an_object: 'an element of a PLAIN array is not an object',
  entry_too_large: 'an entry is longer than MAX_ENTRY_BYTES',
} as const;

/** Where the disk does not take them that is said, and the good entries beside them are stored all the same. */
async function keepRejected(
  code: keyof typeof REASONS,
  texts: Texts,
  peer: string,
  { ledger, peers, rejected, now }: IntakeContext,
): Promise<void> {
  const { count: elements } = texts;
  if (elements === 0) return;
  const reason = REASONS[code];
  ledger.reject(code, elements);
  try {
    const kept = await rejected.add(texts, { peer, code, reason }, now());
    const fate = kept === elements ? 'kept in rejected/plain.jsonl' : 'rejected/plain.jsonl is full';
    peers.say(code, 'warn', { peer, elements, kept }, `${reason}; ${fate}`);
  } catch (error) {
    const fields = { peer, elements, err: error };
    peers.say(`${code}, not kept`, 'error', fields, `${reason}; it could not be kept`);
  }
}
