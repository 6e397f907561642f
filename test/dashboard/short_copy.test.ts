import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { viewOf } from '../../src/dashboard/entry_view.ts';
import { Insight } from '../../src/dashboard/insight.ts';
import { shortCopy } from '../../src/dashboard/short_copy.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const LINE_BYTES = 200_000;
const LINES = 300;

test.each([
  ['', 3, ''],
  ['abc', 3, 'abc'],
  ['äöü€', 2, 'äö'],
])('of %j the first %d letters are %j', (text, length, expected) => {
  expect(shortCopy(text, length)).toBe(expected);
});

test('what is kept of an entry keeps no whole line', () => {
  const insight = new Insight();
  const place = { segment: '', offset: 0, line: 0 };
  const kept: unknown[] = [];
  collect();
  const before = process.memoryUsage().heapUsed;
  for (let n = 0; n < LINES; n += 1) {
    const name = `${n} ${'x'.repeat(LINE_BYTES / 4)}`;
    const line = JSON.stringify({ level: name, service: name, tags: [name], message: name, more: name });
    const seen = viewOf(line.slice(0), { shipperId: 's', receivedAtMs: n * 10_000 }, place);
    insight.add(seen, n * 10_000);
    kept.push(seen.view);
  }
  collect();
  expect(process.memoryUsage().heapUsed - before).toBeLessThan((LINES * LINE_BYTES) / 10);
  expect([kept.length, insight.last().length]).toEqual([LINES, LINES]);
});
