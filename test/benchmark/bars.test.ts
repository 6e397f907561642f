import { expect, test } from 'vitest';
import { atLeast, atMost, barsText } from '../../benchmark/bars.ts';

test.each([
  { bar: atMost('p99', 99.4, 100, 'ms'), line: '- bar: p99 at most 100 ms; measured 99.4: kept\n' },
  { bar: atMost('p99', 100, 100, 'ms'), line: '- bar: p99 at most 100 ms; measured 100: kept\n' },
  { bar: atMost('p99', 101, 100, 'ms'), line: '- bar: p99 at most 100 ms; measured 101: MISSED\n' },
  { bar: atLeast('share', 70, 70, '%'), line: '- bar: share at least 70 %; measured 70.0: kept\n' },
  { bar: atLeast('share', 69, 70.123, '%'), line: '- bar: share at least 70.1 %; measured 69.0: MISSED\n' },
])('$line', ({ bar, line }) => {
  expect(barsText([bar])).toBe(line);
});
