import type { WorkerPartition, WorkerReading } from '../worker_figures.ts';
import type { MetricGroup, Sample } from './metric.ts';

const ofPartitions = (
  { partitions }: WorkerReading,
  value: (one: WorkerPartition) => number,
): readonly Sample[] =>
  partitions.map((one) => ({ labels: { partition: one.partition }, value: value(one) }));

/** What writes partitions of the streams of NATS JetStream out. */
export const WORKER_GROUP: MetricGroup<WorkerReading> = {
  title: 'Workers of JetStream',
  shownBy: '`follow --from jetstream`; of partitions, those it holds',
  metrics: [
    {
      name: 'logferry_worker_entries_total',
      type: 'counter',
      help: 'Entries written out.',
      read: ({ counts }) => counts.entries,
    },
    {
      name: 'logferry_worker_blocks_total',
      type: 'counter',
      help: 'Blocks written out.',
      read: ({ counts }) => counts.blocks,
    },
    {
      name: 'logferry_worker_block_bytes_total',
      type: 'counter',
      help: 'What they take, compressed.',
      read: ({ counts }) => counts.bytes,
    },
    {
      name: 'logferry_worker_missing_messages_total',
      type: 'counter',
      help: 'Messages that were gone from the stream before they were written out: lost.',
      read: ({ counts }) => counts.missing,
    },
    {
      name: 'logferry_worker_refused_messages_total',
      type: 'counter',
      help: 'Messages left out for good: no blocks, or damaged.',
      read: ({ counts }) => counts.refused,
    },
    {
      name: 'logferry_worker_behind_messages',
      type: 'gauge',
      labels: ['partition'],
      help: 'Messages that are still to be written out.',
      read: (reading) => ofPartitions(reading, ({ last, written }) => Math.max(0, last - written)),
    },
    {
      name: 'logferry_worker_taken_sequence',
      type: 'gauge',
      labels: ['partition'],
      help: 'The last message that is reserved for this worker.',
      read: (reading) => ofPartitions(reading, ({ taken }) => taken),
    },
    {
      name: 'logferry_worker_written_sequence',
      type: 'gauge',
      labels: ['partition'],
      help: 'The last message that is written out.',
      read: (reading) => ofPartitions(reading, ({ written }) => written),
    },
    {
      name: 'logferry_worker_stream_bytes',
      type: 'gauge',
      labels: ['partition'],
      help: 'What the stream of the partition holds, written out or not.',
      read: (reading) => ofPartitions(reading, ({ streamBytes }) => streamBytes),
    },
    {
      name: 'logferry_worker_writing',
      type: 'gauge',
      help: '0 while NATS or the output keep it from writing.',
      read: ({ isTroubled }) => (isTroubled ? 0 : 1),
    },
  ],
};
