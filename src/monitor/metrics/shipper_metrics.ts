import { byLabel, type MetricGroup } from './metric.ts';

/** A shipper, as far as it is shown. */
export interface ShipperReading {
  readonly counts: Readonly<
    Record<
      | 'read'
      | 'acknowledged'
      | 'rejected'
      | 'dropped'
      | 'batches'
      | 'rawBytes'
      | 'wireBytes'
      | 'resent'
      | 'connections',
      number
    >
  >;
  readonly level: number;
  readonly isConnected: boolean;
  /** What its spool takes; undefined where it has none. */
  readonly spoolBytes: number | undefined;
}

/** What a shipper has read, and what became of it. */
export const SHIPPER_GROUP: MetricGroup<ShipperReading> = {
  title: 'Shipper',
  shownBy: '`generate`, `send`, `tail` and `pipe`',
  metrics: [
    {
      name: 'logferry_shipped_entries_total',
      type: 'counter',
      labels: ['book'],
      help: 'Entries by what became of them: read = acknowledged + rejected + dropped + backlog.',
      read: ({ counts: { read, acknowledged, rejected, dropped } }) =>
        byLabel('book', { read, acknowledged, rejected, dropped }),
    },
    {
      name: 'logferry_backlog_entries',
      type: 'gauge',
      help: 'Entries read whose fate is open.',
      read: ({ counts: { read, acknowledged, rejected, dropped } }) =>
        read - acknowledged - rejected - dropped,
    },
    {
      name: 'logferry_batches_total',
      type: 'counter',
      help: 'Batches made.',
      read: ({ counts }) => counts.batches,
    },
    {
      name: 'logferry_resent_batches_total',
      type: 'counter',
      help: 'Batches sent again after a connection broke.',
      read: ({ counts }) => counts.resent,
    },
    {
      name: 'logferry_batch_raw_bytes_total',
      type: 'counter',
      help: 'Bytes of the batches before compression.',
      read: ({ counts }) => counts.rawBytes,
    },
    {
      name: 'logferry_batch_wire_bytes_total',
      type: 'counter',
      help: 'Bytes of their frames.',
      read: ({ counts }) => counts.wireBytes,
    },
    {
      name: 'logferry_compression_level',
      type: 'gauge',
      help: 'Compression level of the moment.',
      read: ({ level }) => level,
    },
    {
      name: 'logferry_connected',
      type: 'gauge',
      help: '1 while there is a connection to the receiver, else 0.',
      read: ({ isConnected }) => (isConnected ? 1 : 0),
    },
    {
      name: 'logferry_shipper_connections_total',
      type: 'counter',
      help: 'Connections to the receiver that were made.',
      read: ({ counts }) => counts.connections,
    },
    {
      name: 'logferry_spool_bytes',
      type: 'gauge',
      help: 'What the spool takes, where there is one.',
      read: ({ spoolBytes }) => (spoolBytes === undefined ? [] : [{ labels: {}, value: spoolBytes }]),
    },
  ],
};

/** What processors did, where there are any. */
export interface ProcessorReading {
  readonly lines: number;
  readonly filtered: ReadonlyMap<string, number>;
  readonly unparsed: ReadonlyMap<string, number>;
  readonly tagged: ReadonlyMap<string, number>;
}

export const PROCESSOR_GROUP: MetricGroup<ProcessorReading> = {
  title: 'Processors',
  shownBy: '`generate`, `send`, `tail` and `pipe`, where anything is done to entries',
  metrics: [
    {
      name: 'logferry_processed_lines_total',
      type: 'counter',
      help: 'Lines taken in.',
      read: ({ lines }) => lines,
    },
    {
      name: 'logferry_filtered_entries_total',
      type: 'counter',
      labels: ['rule'],
      help: 'Entries dropped, by the rule.',
      read: ({ filtered }) => byLabel('rule', Object.fromEntries(filtered)),
    },
    {
      name: 'logferry_unparsed_lines_total',
      type: 'counter',
      labels: ['reason'],
      help: 'Lines that did not parse and were shipped as they are.',
      read: ({ unparsed }) => byLabel('reason', Object.fromEntries(unparsed)),
    },
    {
      name: 'logferry_tagged_entries_total',
      type: 'counter',
      labels: ['tag'],
      help: 'Entries that got a tag.',
      read: ({ tagged }) => byLabel('tag', Object.fromEntries(tagged)),
    },
  ],
};
