/** Whether the streams are written out up to a moment: where `--once` ends. */
import type { Nats } from './connection.ts';
import type { View } from './group_view.ts';
import { streamOf } from './names.ts';
import type { StreamNames } from './shipper_messages.ts';

/** The last message of each partition; 0 for none. Rejects where NATS does not answer. */
export function lastMessages(nats: Nats, { stream, partitions }: StreamNames): Promise<number[]> {
  const streams = Array.from({ length: partitions }, (_, partition) => streamOf(stream, partition));
  return Promise.all(
    streams.map(async (name) => (await nats.ask(() => nats.manager.streams.info(name))).state.last_seq),
  );
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
