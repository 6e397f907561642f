/** Metrics as Prometheus reads them: its text format, version 0.0.4. */
import type { HistogramReading } from './histogram.ts';
import type { Metric, MetricGroup, Sample } from './metrics/metric.ts';

export const EXPOSITION_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** A group with what it is read from. */
export interface BoundGroup {
  /** The text of its metrics as of now; nothing while there is nothing to read from. */
  readonly text: () => string;
}

/** `subjectOf` answers undefined where there is nothing to tell yet. */
export const bindGroup = <Subject>(
  { metrics }: MetricGroup<Subject>,
  subjectOf: () => Subject | undefined,
): BoundGroup => ({
  text() {
    const subject = subjectOf();
    return subject === undefined ? '' : metrics.map((metric) => textOf(metric, subject)).join('');
  },
});

/** The text of all these groups as of now. */
export const exposition = (groups: readonly BoundGroup[]): string =>
  groups.map((group) => group.text()).join('');

function textOf<Subject>(metric: Metric<Subject>, subject: Subject): string {
  const { name, type, help, read } = metric;
  const value = read(subject);
  const samples: readonly Sample[] = typeof value === 'number' ? [{ labels: {}, value }] : value;
  const lines = samples.map((sample) => linesOf(name, sample)).join('');
  return `# HELP ${name} ${escapedHelp(help)}\n# TYPE ${name} ${type}\n${lines}`;
}

const linesOf = (name: string, { labels, value }: Sample): string =>
  typeof value === 'number' ? line(name, labels, value) : histogramLines(name, labels, value);

function histogramLines(
  name: string,
  labels: Sample['labels'],
  { buckets, count, seconds }: HistogramReading,
): string {
  const bounds = [...buckets, { bound: '+Inf', count }];
  return [
    ...bounds.map((bucket) => line(`${name}_bucket`, { ...labels, le: bucket.bound }, bucket.count)),
    line(`${name}_sum`, labels, seconds),
    line(`${name}_count`, labels, count),
  ].join('');
}

function line(name: string, labels: Sample['labels'], value: number): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(String(text))}"`);
  return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}\n`;
}

const escapedHelp = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');

const escaped = (text: string): string => escapedHelp(text).replaceAll('"', '\\"');
