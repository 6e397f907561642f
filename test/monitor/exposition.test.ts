import { expect, test } from 'vitest';
import { bindGroup, exposition } from '../../src/monitor/exposition.ts';
import { Ledger } from '../../src/monitor/ledger.ts';
import type { MetricGroup } from '../../src/monitor/metrics/metric.ts';
import { RECEIVER_GROUP } from '../../src/monitor/metrics/receiver_metrics.ts';
import { parseExposition, valueOf } from '../helpers/exposition_text.ts';

const textOf = (ledger: Ledger): string => exposition([bindGroup(RECEIVER_GROUP, () => ledger)]);

test('what is told of the books, in the text that Prometheus reads', () => {
  const ledger = new Ledger();
  ledger.received = 7;
  ledger.stored = 5;
  ledger.reject('entry_too_large', 2);
  const text = textOf(ledger);
  expect(text).toContain('# TYPE logferry_entries_total counter\n');
  expect(valueOf(text, 'logferry_entries_total', { book: 'received' })).toBe(7);
  expect(valueOf(text, 'logferry_entries_total', { book: 'rejected' })).toBe(2);
  expect(valueOf(text, 'logferry_rejected_entries_total', { code: 'entry_too_large' })).toBe(2);
  expect(valueOf(text, 'logferry_errors_total', { code: 'entry_too_large' })).toBe(1);
  expect(valueOf(text, 'logferry_entries_in_hand')).toBe(0);
});

test.each(['a "quoted" one', 'two\nlines', 'back\\slash\\n', 'a} 1', '', 'ünï ☃'])(
  'the label %j comes back as it is',
  (code) => {
    const ledger = new Ledger();
    ledger.error(code);
    expect(valueOf(textOf(ledger), 'logferry_errors_total', { code })).toBe(1);
  },
);

test('a disk that takes nothing shows', () => {
  const ledger = new Ledger();
  expect(valueOf(textOf(ledger), 'logferry_acknowledging')).toBe(1);
  ledger.isAcknowledging = false;
  expect(valueOf(textOf(ledger), 'logferry_acknowledging')).toBe(0);
});

test('a histogram counts what kept to a bound in all the longer ones too', () => {
  const ledger = new Ledger();
  for (const seconds of [0.001, 0.003, 0.3, 60]) ledger.acks.observe(seconds);
  const text = textOf(ledger);
  const upTo = (le: string) => valueOf(text, 'logferry_ack_seconds_bucket', { le });
  expect([upTo('0.001'), upTo('0.005'), upTo('0.5'), upTo('10'), upTo('+Inf')]).toEqual([1, 2, 3, 3, 4]);
  expect(valueOf(text, 'logferry_ack_seconds_count')).toBe(4);
  expect(valueOf(text, 'logferry_ack_seconds_sum')).toBeCloseTo(60.304);
  expect([ledger.acks.quantile(0.5), ledger.acks.quantile(0.99)]).toEqual([0.005, Infinity]);
});

test('a thing that is not there yet is not told of', () => {
  expect(exposition([bindGroup(RECEIVER_GROUP, () => undefined)])).toBe('');
});

test('help is one line, whatever is in it', () => {
  const group: MetricGroup<null> = {
    title: '',
    shownBy: '',
    metrics: [{ name: 'logferry_odd', type: 'gauge', help: 'two\nlines \\ and more.', read: () => 1 }],
  };
  const [family] = parseExposition(exposition([bindGroup(group, () => null)]));
  expect(family?.help).toBe('two\\nlines \\\\ and more.');
});
