/** Whether the streams are written out up to a moment: where `--once` ends. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Nats } from './connection.ts';
import { expectWhole } from './expect_whole.ts';
import type { View } from './group_view.ts';
import { streamOf } from './names.ts';
import type { StreamNames } from './shipper_messages.ts';
import type { SeenLedger, WorkGroup } from './work_group.ts';

/** A server that has just got its lead may still show what was: then it is asked again. */
const LOOKS = 5;
const AGAIN_AFTER_MS = 200;

/** The last message of each partition; 0 for none. Rejects where NATS does not answer, and where a stream is not whole. */
export function endsToReach(nats: Nats, names: StreamNames, group: WorkGroup): Promise<number[]> {
  const partitions = Array.from({ length: names.partitions }, (_, partition) => partition);
  return Promise.all(
    partitions.map((partition) =>
      endOf(nats, streamOf(names.stream, partition), () => group.ledger(partition)),
    ),
  );
}

async function endOf(
  nats: Nats,
  stream: string,
  ledger: () => Promise<SeenLedger | undefined>,
): Promise<number> {
  for (let look = 1; ; look += 1) {
    const given = (await ledger())?.ledger.taken ?? 0;
    const { state } = await nats.ask(() => nats.manager.streams.info(stream));
    if (look === LOOKS) expectWhole(stream, state.last_seq, given);
    if (state.last_seq >= given) return state.last_seq;
    await delay(AGAIN_AFTER_MS);
  }
}

/** True where all messages up to these are in outputs of the group. Throws where they will not be as long as a worker is not there. */
export function areWrittenOut(ends: readonly number[], { partitions, alive }: View): boolean {
  const ledgers = partitions.map(({ seen }) => seen?.ledger);
  const isOpen = ends.some((end, partition) => end > (ledgers[partition]?.done ?? 0));
  if (isOpen) return false;
  const left = ends.flatMap(
    (end, partition) => ledgers[partition]?.left.filter(({ from }) => from <= end) ?? [],
  );
  const gone = left.find(({ worker }) => !alive.includes(worker));
  if (gone === undefined) return left.length === 0;
  throw new Error(
    `messages are left to the worker ${gone.worker}, which is not there: start it, or, if its disk is lost, follow --abandon ${gone.worker} with a new DATA_DIR`,
  );
}
