/** The alerts and the dashboard in deploy/ name metrics that there are, with labels that they have. */
import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { METRIC_GROUPS } from '../../scripts/metrics_doc.ts';

const FOLDER = new URL('../../deploy/', import.meta.url).pathname;
const RULES_FILE = `${FOLDER}prometheus/logferry.rules.yml`;
const CONFIG_FILE = `${FOLDER}prometheus/prometheus.yml`;

/** By the name of a series: the labels it has besides those that Prometheus gives it. */
const SERIES = new Map<string, readonly string[]>(
  METRIC_GROUPS.flatMap(({ metrics }) => metrics).flatMap(({ name, type, labels = [] }) =>
    type === 'histogram'
      ? [
          [`${name}_bucket`, [...labels, 'le']] as const,
          [`${name}_sum`, labels] as const,
          [`${name}_count`, labels] as const,
        ]
      : [[name, labels] as const],
  ),
);

const FROM_PROMETHEUS = ['instance', 'job'];

/** What is wrong with an expression, if anything. */
function problemsOf(expr: string): string[] {
  const selectors = [...expr.matchAll(/(logferry_\w+|\bup\b)(?:\{([^}]*)\})?/g)];
  if (selectors.length === 0) return ['it names no metric'];
  return selectors.flatMap(([, name = '', matchers = '']) => {
    const labels = SERIES.get(name);
    if (labels === undefined && name !== 'up') return [`there is no series ${name}`];
    const asked = [...matchers.matchAll(/(\w+)\s*[=!]~?\s*"/g)].map(([, label = '']) => label);
    return asked
      .filter((label) => ![...(labels ?? []), ...FROM_PROMETHEUS].includes(label))
      .map((label) => `${name} has no label ${label}`);
  });
}

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly description: string };
}

const rules = (parse(await readFile(RULES_FILE, 'utf8')) as { groups: { rules: Rule[] }[] }).groups.flatMap(
  (group) => group.rules,
);

describe('the alerts', () => {
  test.each(rules)(
    '$alert asks for what there is, and says what it means',
    ({ expr, labels, annotations }) => {
      expect(problemsOf(expr)).toEqual([]);
      expect(['warning', 'critical']).toContain(labels.severity);
      expect(annotations.summary).not.toBe('');
      expect(annotations.description).toMatch(/[.?]$/);
    },
  );

  test('each is explained in docs/OPERATIONS.md, and no other is', async () => {
    const operations = await readFile('docs/OPERATIONS.md', 'utf8');
    const explained = [...operations.matchAll(/^\| `(Logferry\w+)` \|/gm)].map(([, name]) => name);
    expect(explained.toSorted()).toEqual(rules.map(({ alert }) => alert).toSorted());
  });

  test('there is one for each thing that must not go unnoticed', () => {
    const asked = rules.map(({ expr }) => expr).join('\n');
    for (const name of [
      'logferry_acknowledging',
      'logferry_disk_free_bytes',
      'logferry_follower_behind_bytes',
      'logferry_entries_total{book="rejected"}',
      'logferry_entries_in_hand',
    ])
      expect(asked).toContain(name);
  });

  test('promtool, where there is one, takes them and the example', () => {
    const isThere = spawnSync('promtool', ['--version']).status === 0;
    const checks = isThere
      ? [
          ['check', 'rules', RULES_FILE],
          ['test', 'rules', RULES_FILE.replace('.yml', '.test.yml')],
          ['check', 'config', CONFIG_FILE],
        ]
      : [];
    for (const args of checks)
      expect(spawnSync('promtool', args, { encoding: 'utf8' })).toMatchObject({ status: 0 });
  });

  test('the example says where the alerts are, and names its jobs as they do', async () => {
    const config = parse(await readFile(CONFIG_FILE, 'utf8')) as {
      rule_files: string[];
      scrape_configs: { job_name: string }[];
    };
    expect(config.rule_files).toEqual(['logferry.rules.yml']);
    for (const { job_name: job } of config.scrape_configs) expect(job).toMatch(/^logferry-/);
  });
});

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly type: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}

const { panels } = JSON.parse(await readFile(`${FOLDER}grafana/logferry.json`, 'utf8')) as {
  panels: Panel[];
};

describe('the dashboard for Grafana', () => {
  test.each(panels.filter(({ type }) => type !== 'row'))(
    '$title asks for what there is',
    ({ targets = [] }) => {
      expect(targets.length).toBeGreaterThan(0);
      for (const { expr, legendFormat } of targets) {
        expect(problemsOf(expr)).toEqual([]);
        for (const [, label = ''] of legendFormat.matchAll(/\{\{(\w+)\}\}/g))
          expect([...new Set([...SERIES.values()].flat()), ...FROM_PROMETHEUS]).toContain(label);
      }
    },
  );

  test('its panels have ids of their own, and none lies on another', () => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, n) => `${x + (n % w)},${y + Math.floor(n / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(panels.every(({ gridPos: { x, w } }) => x + w <= 24)).toBe(true);
  });
});

test('the check sees what is wrong', () => {
  expect(problemsOf('logferry_acknowledging == 0')).toEqual([]);
  expect(problemsOf('rate(logferry_no_such_total[5m])')).toEqual([
    'there is no series logferry_no_such_total',
  ]);
  expect(problemsOf('logferry_entries_total{code="x"}')).toEqual([
    'logferry_entries_total has no label code',
  ]);
  expect(problemsOf('logferry_ack_seconds')).toEqual(['there is no series logferry_ack_seconds']);
  expect(problemsOf('1 == 1')).toEqual(['it names no metric']);
});
