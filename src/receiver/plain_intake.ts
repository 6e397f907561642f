import type { CommitLog } from '../archive/commit_log.ts';
import type { ByteBudget } from '../base/byte_budget.ts';
import type { Logger } from '../base/logger.ts';
import type { Ledger } from '../monitor/ledger.ts';
import { decompress } from '../wire/codecs.ts';
import type { Frame } from '../wire/frame.ts';
import { decodePlain } from '../wire/plain.ts';
import { WireError } from '../wire/wire_error.ts';
import type { BlockBuilder } from './block_builder.ts';
import type { CheckOptions } from './check_batch.ts';
import type { RejectedFile } from './rejected_file.ts';
import type { Taken } from './taken.ts';

/** What the taking in of batches needs; all sessions of a receiver share it. */
export interface IntakeContext {
  readonly check: CheckOptions;
  readonly archive: CommitLog;
  readonly plain: BlockBuilder;
  readonly rejected: RejectedFile;
  /** Decompressed bytes in memory, over all connections. */
  readonly inflating: ByteBudget;
  readonly ledger: Ledger;
  readonly log: Logger;
  readonly now: () => number;
}

/**
 * Takes the entries of a PLAIN frame. Elements that are not objects are kept in `rejected/`, the others stored. Throws
 * WireError for a payload that is no array.
 */
export async function takePlain(
  { algorithm, payload }: Frame,
  peer: string,
  context: IntakeContext,
): Promise<Taken> {
  const { inflating, plain, ledger } = context;
  const { maxBatchBytes: maxBytes } = context.check;
  if (algorithm === 'zstd')
    throw new WireError('bad_algorithm', 'a PLAIN frame is not compressed, or gzip, or zlib');
  const { entries, rejected } = await inflating.hold(maxBytes, async () =>
    decodePlain(await decompress(algorithm, payload, { maxBytes })),
  );
  ledger.received += entries.count + rejected.length;
  if (rejected.length > 0) await keepRejected(rejected, peer, context);
  return { count: entries.count, durable: entries.count === 0 ? Promise.resolve() : plain.add(entries) };
}

async function keepRejected(
  elements: readonly string[],
  peer: string,
  context: IntakeContext,
): Promise<void> {
  const { ledger, log, rejected, now } = context;
  const code = 'not_an_object';
  const reason = 'an element of a PLAIN array is not an object';
  ledger.rejected += elements.length;
  ledger.error(code);
  log.warn({ peer, elements: elements.length }, `${reason}; kept in rejected/plain.jsonl`);
  await rejected.add(
    elements.map((text) => ({ peer, code, reason, text })),
    now(),
  );
}
