/** The books as Prometheus reads them: its text format, version 0.0.4. */
import type { HttpCounts } from './http_counts.ts';
import type { Ledger } from './ledger.ts';

export const EXPOSITION_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

interface Family {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly samples: readonly Sample[];
}

interface Sample {
  /** Follows the name: `_bucket`. */
  readonly suffix?: string;
  readonly labels?: Readonly<Record<string, string | number>>;
  readonly value: number;
}

/** The text of all there is to tell. */
export function exposition(ledger: Ledger, http: HttpCounts): string {
  return [...ledgerFamilies(ledger), ...httpFamilies(http)].map(textOf).join('');
}

const one = (name: string, type: 'counter' | 'gauge', help: string, value: number): Family => ({
  name,
  type,
  help,
  samples: [{ value }],
});

const ENTRY_BOOKS = ['received', 'stored', 'repeated', 'rejected', 'refused', 'lost'] as const;

const ledgerFamilies = (ledger: Ledger): Family[] => [
  {
    name: 'logferry_entries_total',
    type: 'counter',
    help: 'Entries by what became of them: received = stored + repeated + rejected + refused + in hand.',
    samples: ENTRY_BOOKS.map((book) => ({ labels: { book }, value: ledger[book] })),
  },
  one('logferry_entries_in_hand', 'gauge', 'Entries whose fate is open.', ledger.inHand),
  one(
    'logferry_acknowledging',
    'gauge',
    '0 while the archive can not be written, or its disk is very slow: nothing is acknowledged.',
    ledger.isAcknowledging ? 1 : 0,
  ),
  one('logferry_blocks_total', 'counter', 'Blocks stored.', ledger.batches),
  one('logferry_received_bytes_total', 'counter', 'Bytes off the sockets.', ledger.bytesIn),
  one('logferry_raw_bytes_total', 'counter', 'Bytes of stored entries before compression.', ledger.rawBytes),
  one('logferry_archived_bytes_total', 'counter', 'Compressed bytes stored.', ledger.archivedBytes),
  one(
    'logferry_connections',
    'gauge',
    'Connections of shippers and plain peers that are open.',
    ledger.connections,
  ),
  {
    name: 'logferry_errors_total',
    type: 'counter',
    help: 'Errors by code.',
    samples: Object.entries(ledger.errors).map(([code, value]) => ({ labels: { code }, value })),
  },
];

function httpFamilies(http: HttpCounts): Family[] {
  const { routes } = http;
  return [
    one('logferry_http_events_total', 'counter', 'Events answered with 200.', http.events),
    one('logferry_http_requests_open', 'gauge', 'Requests that are not answered yet.', http.open),
    {
      name: 'logferry_http_requests_total',
      type: 'counter',
      help: 'Requests by route and status.',
      samples: routes.flatMap(({ route, statuses }) =>
        [...statuses].map(([status, value]) => ({ labels: { route, status }, value })),
      ),
    },
    {
      name: 'logferry_http_request_seconds',
      type: 'histogram',
      help: 'From the head of a request to the end of its answer.',
      samples: routes.flatMap(({ route, buckets, answers, seconds }) => [
        ...buckets.map(({ bound, answers: value }) => ({
          suffix: '_bucket',
          labels: { route, le: bound },
          value,
        })),
        { suffix: '_bucket', labels: { route, le: '+Inf' }, value: answers },
        { suffix: '_sum', labels: { route }, value: seconds },
        { suffix: '_count', labels: { route }, value: answers },
      ]),
    },
  ];
}

function textOf({ name, type, help, samples }: Family): string {
  const lines = samples.map(
    ({ suffix = '', labels = {}, value }) => `${name}${suffix}${labelsOf(labels)} ${value}\n`,
  );
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
}

function labelsOf(labels: Readonly<Record<string, string | number>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(String(value))}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

const escaped = (value: string): string =>
  value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
