/** What a metric is, and how a value of it is read. Each is declared once, in a table; docs/METRICS.md is made of the tables. */
import type { HistogramReading } from '../histogram.ts';

export type MetricType = 'counter' | 'gauge' | 'histogram';

/** One metric. `Subject` is what it is read from. */
export interface Metric<Subject> {
  /** `logferry_<thing>_<unit>`, a counter with `_total` behind it. */
  readonly name: `logferry_${string}`;
  readonly type: MetricType;
  /** Of its labels: from closed sets, or bounded in number. A histogram has `le` besides. */
  readonly labels?: readonly string[];
  /** One line, ending in a full stop. */
  readonly help: string;
  /** Its value, or one for each set of labels; cheap, and called at each scrape. */
  readonly read: (subject: Subject) => number | readonly Sample[];
}

export interface Sample {
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number | HistogramReading;
}

/** Metrics that are read from the same thing. */
export interface MetricGroup<Subject> {
  readonly title: string;
  /** Which programs show it, and when: for docs/METRICS.md. */
  readonly shownBy: string;
  readonly metrics: readonly Metric<Subject>[];
}

/** One value for each member of a record, told apart by a label. */
export const byLabel = (label: string, values: Readonly<Record<string, number>>): readonly Sample[] =>
  Object.entries(values).map(([name, value]) => ({ labels: { [label]: name }, value }));
