/** docs/METRICS.md, made from the tables of metrics. */
import { ARCHIVE_GROUP, FOLLOWER_GROUP } from '../src/monitor/metrics/archive_metrics.ts';
import { DRAINER_GROUP } from '../src/monitor/metrics/drainer_metrics.ts';
import { HTTP_GROUP } from '../src/monitor/metrics/http_metrics.ts';
import { PROCESS_GROUP } from '../src/monitor/metrics/process_metrics.ts';
import { RECEIVER_GROUP } from '../src/monitor/metrics/receiver_metrics.ts';
import { PROCESSOR_GROUP, SHIPPER_GROUP } from '../src/monitor/metrics/shipper_metrics.ts';
import { THRIFT_GROUP } from '../src/monitor/metrics/thrift_metrics.ts';
import { WORKER_GROUP } from '../src/monitor/metrics/worker_metrics.ts';

interface MetricRow {
  readonly name: string;
  readonly type: string;
  readonly labels?: readonly string[];
  readonly help: string;
}

interface DocumentedGroup {
  readonly title: string;
  readonly shownBy: string;
  readonly metrics: readonly MetricRow[];
}

/** Every metric that any of our programs shows. */
export const METRIC_GROUPS: readonly DocumentedGroup[] = [
  RECEIVER_GROUP,
  ARCHIVE_GROUP,
  FOLLOWER_GROUP,
  HTTP_GROUP,
  THRIFT_GROUP,
  SHIPPER_GROUP,
  PROCESSOR_GROUP,
  DRAINER_GROUP,
  WORKER_GROUP,
  PROCESS_GROUP,
];

/** The page: a table for each group. */
export function metricsDoc(): string {
  return `# Metrics

Made from the tables in \`src/monitor/metrics/\`. Where they are read, what to watch and the alerts that come with them are in
[OPERATIONS.md](OPERATIONS.md).

The text is Prometheus' format, version 0.0.4. Counters begin at 0 with the process, those of followers with the output. A
metric with labels is there once there is something to count.

${METRIC_GROUPS.map(tableOf).join('\n')}`;
}

function tableOf({ title, shownBy, metrics }: DocumentedGroup): string {
  const rows = metrics.map(
    ({ name, type, labels = [], help }) =>
      `| \`${name}\` | ${type} | ${unitOf(name)} | ${labels.map((label) => `\`${label}\``).join(', ')} | ${help} |`,
  );
  return `## ${title}

Shown by ${shownBy}.

| metric | type | unit | labels | what it says |
|---|---|---|---|---|
${rows.join('\n')}
`;
}

/** By its name: what is no time, size or part of a whole is a number of things. */
function unitOf(name: string): string {
  const word =
    name
      .replace(/_total$/, '')
      .split('_')
      .at(-1) ?? '';
  return ['seconds', 'bytes', 'ratio'].includes(word) ? word : 'count';
}
