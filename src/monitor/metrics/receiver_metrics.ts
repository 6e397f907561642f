import type { Ledger } from '../ledger.ts';
import { bytesAsTheyCame, entriesAsTheyCame, type ShipperRow } from '../shipper_table.ts';
import { byLabel, type Metric, type MetricGroup, type Sample } from './metric.ts';

const BOOKS = ['received', 'stored', 'repeated', 'rejected', 'refused', 'lost'] as const;

const BOOK_METRICS: readonly Metric<Ledger>[] = [
  {
    name: 'logferry_entries_total',
    type: 'counter',
    labels: ['book'],
    help: 'Entries by what became of them: received = stored + repeated + rejected + refused + in hand; lost is what shippers say they had to drop.',
    read: (ledger) => BOOKS.map((book) => ({ labels: { book }, value: ledger[book] })),
  },
  {
    name: 'logferry_entries_in_hand',
    type: 'gauge',
    help: 'Entries whose fate is open.',
    read: (ledger) => ledger.inHand,
  },
  {
    name: 'logferry_rejected_entries_total',
    type: 'counter',
    labels: ['code'],
    help: 'Entries rejected, by the reason.',
    read: (ledger) => byLabel('code', ledger.rejects),
  },
  {
    name: 'logferry_errors_total',
    type: 'counter',
    labels: ['code'],
    help: 'Errors by code, docs/PROTOCOL.md; those of HTTP begin with http_.',
    read: (ledger) => byLabel('code', ledger.errors),
  },
  {
    name: 'logferry_acknowledging',
    type: 'gauge',
    help: '0 while the archive can not be written, or its disk is very slow: nothing is acknowledged.',
    read: (ledger) => (ledger.isAcknowledging ? 1 : 0),
  },
];

const FLOW_METRICS: readonly Metric<Ledger>[] = [
  {
    name: 'logferry_blocks_total',
    type: 'counter',
    help: 'Blocks stored.',
    read: (ledger) => ledger.batches,
  },
  {
    name: 'logferry_received_bytes_total',
    type: 'counter',
    help: 'Bytes off the sockets.',
    read: (ledger) => ledger.bytesIn,
  },
  {
    name: 'logferry_raw_bytes_total',
    type: 'counter',
    help: 'Bytes of stored entries before compression.',
    read: (ledger) => ledger.rawBytes,
  },
  {
    name: 'logferry_archived_bytes_total',
    type: 'counter',
    help: 'Compressed bytes stored.',
    read: (ledger) => ledger.archivedBytes,
  },
  {
    name: 'logferry_compression_ratio',
    type: 'gauge',
    help: 'Bytes before compression to a byte stored, since the start; 1 before anything is.',
    read: ({ rawBytes, archivedBytes }) => (archivedBytes === 0 ? 1 : rawBytes / archivedBytes),
  },
  {
    name: 'logferry_ack_seconds',
    type: 'histogram',
    help: 'From the last byte of a numbered batch to its acknowledgement.',
    read: (ledger) => [{ labels: {}, value: ledger.acks.reading }],
  },
  {
    name: 'logferry_sync_seconds',
    type: 'histogram',
    help: 'How long forcing the archive to disk took, each time.',
    read: (ledger) => [{ labels: {}, value: ledger.syncs.reading }],
  },
  {
    name: 'logferry_publish_seconds',
    type: 'histogram',
    help: 'With COMMIT_LOG=jetstream: how long it took until the quorum had a block.',
    read: (ledger) => [{ labels: {}, value: ledger.publishes.reading }],
  },
  {
    name: 'logferry_publish_failures_total',
    type: 'counter',
    help: 'With COMMIT_LOG=jetstream: what NATS did not do as asked, so that it is asked again.',
    read: (ledger) => ledger.publishFailures,
  },
  {
    name: 'logferry_connections',
    type: 'gauge',
    help: 'Connections of shippers and plain peers that are open.',
    read: (ledger) => ledger.connections,
  },
  {
    name: 'logferry_connections_total',
    type: 'counter',
    help: 'Connections that were begun.',
    read: (ledger) => ledger.connectionsTotal,
  },
  {
    name: 'logferry_retention_deleted_segments_total',
    type: 'counter',
    help: 'Segments that retention deleted.',
    read: (ledger) => ledger.deletedSegments,
  },
  {
    name: 'logferry_retention_deleted_bytes_total',
    type: 'counter',
    help: 'Their bytes.',
    read: (ledger) => ledger.deletedBytes,
  },
];

const ofShippers = (ledger: Ledger, value: (row: ShipperRow) => number | undefined): readonly Sample[] =>
  ledger.shippers.rows.flatMap((row) => {
    const read = value(row);
    return read === undefined ? [] : [{ labels: { shipper: row.id }, value: read }];
  });

const SHIPPER_METRICS: readonly Metric<Ledger>[] = [
  {
    name: 'logferry_shipper_entries_total',
    type: 'counter',
    labels: ['shipper'],
    help: 'Entries stored, by shipper id; of at most 200 at a time; (other) is what came of further ones while all of those were connected.',
    read: (ledger) => ofShippers(ledger, entriesAsTheyCame),
  },
  {
    name: 'logferry_shipper_archived_bytes_total',
    type: 'counter',
    labels: ['shipper'],
    help: 'Compressed bytes stored, by shipper id.',
    read: (ledger) => ofShippers(ledger, bytesAsTheyCame),
  },
  {
    name: 'logferry_shipper_connected',
    type: 'gauge',
    labels: ['shipper'],
    help: 'Open connections, by shipper id.',
    read: (ledger) => ofShippers(ledger, (row) => row.connections),
  },
  {
    name: 'logferry_shipper_ack_seconds',
    type: 'gauge',
    labels: ['shipper'],
    help: 'How long the last batch took to be acknowledged, by shipper id.',
    read: (ledger) => ofShippers(ledger, (row) => (row.ackedAtMs === 0 ? undefined : row.ackSeconds)),
  },
  {
    name: 'logferry_shipper_compression_level',
    type: 'gauge',
    labels: ['shipper'],
    help: 'Compression level, where the shipper says it.',
    read: (ledger) => ofShippers(ledger, (row) => row.level),
  },
  {
    name: 'logferry_shipper_backlog_entries',
    type: 'gauge',
    labels: ['shipper'],
    help: 'Entries it has read that are not acknowledged, where the shipper says it (every 15 s).',
    read: (ledger) => ofShippers(ledger, (row) => row.backlog),
  },
];

/** What the receiver took in, and what became of it. */
export const RECEIVER_GROUP: MetricGroup<Ledger> = {
  title: 'Receiver',
  shownBy: '`serve` and `http`',
  metrics: [...BOOK_METRICS, ...FLOW_METRICS, ...SHIPPER_METRICS],
};
