import { expect, test } from 'vitest';
import { exposition } from '../../src/monitor/exposition.ts';
import { HttpCounts } from '../../src/monitor/http_counts.ts';
import { Ledger } from '../../src/monitor/ledger.ts';

test('what is told of the books, in the text that Prometheus reads', () => {
  const ledger = new Ledger();
  ledger.received = 7;
  ledger.stored = 5;
  ledger.error('a "code"\n');
  const lines = exposition(ledger, new HttpCounts()).split('\n');
  expect(lines).toContain('# TYPE logferry_entries_total counter');
  expect(lines).toContain('logferry_entries_total{book="received"} 7');
  expect(lines).toContain('logferry_entries_total{book="stored"} 5');
  expect(lines).toContain('logferry_errors_total{code="a \\"code\\"\\n"} 1');
  for (const line of lines) expect(line).toMatch(/^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{.*\})? [0-9.e+-]+|)$/);
});

test('a disk that takes nothing shows', () => {
  const ledger = new Ledger();
  const acknowledging = (): string | undefined =>
    /^logferry_acknowledging (\d)$/m.exec(exposition(ledger, new HttpCounts()))?.[1];
  expect(acknowledging()).toBe('1');
  ledger.isAcknowledging = false;
  expect(acknowledging()).toBe('0');
});
