import type { ThriftCounts } from '../thrift_counts.ts';
import type { MetricGroup } from './metric.ts';

/** What was called by Thrift, and how long the answers took. */
export const THRIFT_GROUP: MetricGroup<ThriftCounts> = {
  title: 'Thrift',
  shownBy: '`serve` with `THRIFT_ENABLED`, and `thrift`',
  metrics: [
    {
      name: 'logferry_thrift_entries_total',
      type: 'counter',
      help: 'Entries answered as stored.',
      read: (thrift) => thrift.entries,
    },
    {
      name: 'logferry_thrift_calls_open',
      type: 'gauge',
      help: 'Calls that are not answered yet.',
      read: (thrift) => thrift.open,
    },
    {
      name: 'logferry_thrift_calls_total',
      type: 'counter',
      labels: ['method', 'outcome'],
      help: 'Calls by method and outcome: ok, or the code of an error.',
      read: (thrift) =>
        thrift.methods.flatMap(({ method, outcomes }) =>
          [...outcomes].map(([outcome, value]) => ({ labels: { method, outcome }, value })),
        ),
    },
    {
      name: 'logferry_thrift_call_seconds',
      type: 'histogram',
      labels: ['method'],
      help: 'From the last byte of a call to its answer.',
      read: (thrift) => thrift.methods.map(({ method, taken }) => ({ labels: { method }, value: taken })),
    },
  ],
};
