/**
 * An archive is brought to the places of all shippers that the bucket knows, so that a receiver on it goes on behind
 * them. What it does not have itself was written out by other workers: blocks without entries say so. Every step may
 * be done twice: a move that was killed is run again.
 */
import { Archive } from '../../archive/archive.ts';
import { FORMATS } from '../../archive/format.ts';
import { placeKey, streamOf, textOf } from '../../jetstream/names.ts';
import { ShipperMessages, type StreamNames } from '../../jetstream/shipper_messages.ts';
import { WorkGroup } from '../../jetstream/work_group.ts';
import { writtenOut } from '../../jetstream/work_ledger.ts';
import { bindInFolder } from './bindings.ts';
import { moveEach, type MoveOutcome } from './each_shipper.ts';
import type { MoveOptions } from './move_options.ts';
import { markMoved, unmarkMoved } from './moved_mark.ts';
import { placeBlocks } from './place_blocks.ts';
import { standingOf } from './standing.ts';
import { openStreamSide, type StreamSide } from './stream_side.ts';

/**
 * Settles when the archive is there. Rejects with ArchiveError `in_use` where a receiver or a worker has it, JetStreamError, and
 * Error where something is not written out, is still published, or has two histories.
 */
export async function moveToArchive(options: MoveOptions): Promise<void> {
  const { folder, format, segmentMaxBytes, log } = options;
  await using side = await openStreamSide(options);
  const ends = await endsOf(side, options);
  await expectWrittenOut(side, options, ends);
  const found = (finding: string): void => log.warn(finding);
  await using archive = await Archive.open({
    folder,
    format,
    segmentMaxBytes,
    fsync: 'always',
    report: { found, troubled: (error) => log.error(`${folder} can't be written: ${error.message}`) },
  });
  await markMoved(folder, options.streams.stream);
  await bindInFolder(side.bucket, folder);
  const body = await FORMATS[format].compress(Buffer.alloc(0), 1);
  const prefix = placeKey('');
  const keys = await side.bucket.keys(prefix);
  const shippers = keys.map((key) => [textOf(key.slice(prefix.length)), undefined] as const);
  await moveEach(shippers, (id) => moveOne(id, side, options.streams, archive, body), log);
  const now = await endsOf(side, options);
  if (now.some((end, partition) => end !== ends[partition]))
    throw new Error(
      'a receiver has published meanwhile: stop all receivers, have it written out, and move again',
    );
  await unmarkMoved(folder);
}

async function moveOne(
  shipperId: string,
  { nats, places }: StreamSide,
  names: StreamNames,
  archive: Archive,
  body: Buffer,
): Promise<MoveOutcome> {
  const { state } = await new ShipperMessages(shipperId, names, nats, places).read();
  const { point } = state;
  if (point === undefined) return 'there';
  const have = await archive.resumePoint(shipperId);
  const standing = have === undefined ? 'behind' : standingOf(have, point);
  if (standing === 'apart' || standing === 'ahead') return standing === 'apart' ? 'apart' : 'there';
  const blocks = placeBlocks(shipperId, point, have, Date.now());
  await Promise.all(blocks.map((block) => archive.append({ ...block, body })));
  return blocks.length === 0 ? 'there' : 'moved';
}

/** The last stream sequence of each partition. */
async function endsOf({ nats }: StreamSide, { streams }: MoveOptions): Promise<number[]> {
  const ends: number[] = [];
  for (let partition = 0; partition < streams.partitions; partition += 1) {
    const name = streamOf(streams.stream, partition);
    ends.push((await nats.ask(() => nats.manager.streams.info(name))).state.last_seq);
  }
  return ends;
}

/** Throws where a block is in the streams alone. */
async function expectWrittenOut(
  { bucket }: StreamSide,
  { group, streams }: MoveOptions,
  ends: readonly number[],
): Promise<void> {
  const workers = new WorkGroup(bucket, group);
  const missing: string[] = [];
  for (const [partition, end] of ends.entries()) {
    const ledger = (await workers.ledger(partition))?.ledger;
    const done = ledger === undefined ? 0 : writtenOut(ledger);
    const owners = new Set(ledger?.left.map(({ worker }) => worker));
    const whose = owners.size === 0 ? '' : ` (some of it by ${[...owners].join(', ')} alone)`;
    if (done < end) missing.push(`${end - done} messages of ${streamOf(streams.stream, partition)}${whose}`);
  }
  if (missing.length === 0) return;
  throw new Error(
    `not written out by the workers of ${group}: ${missing.join(', ')}. With all receivers stopped, run: logferryd follow --from jetstream --output archive --once`,
  );
}
