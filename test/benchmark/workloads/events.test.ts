import { expect, test } from 'vitest';
import { number, resultsOf, spread } from '../../helpers/benchmarks.ts';

test('events: appends one by one and by the hundred, and a replay that finds them all', async () => {
  const sizes = ['--appends', '100', '--batched', '300', '--clients', '5'];
  const { rows, bars } = await resultsOf('events', '--only', 'PostgreSQL', ...sizes);
  expect(rows).toEqual(
    ['append singly', 'appendAll of 100', 'replay'].map((load) => ({
      alternative: 'PostgreSQL',
      load,
      eventsPerSecond: spread,
    })),
  );
  expect(bars).toMatchObject([10_000, 40_000, 150_000].map((limit) => ({ limit, measured: number })));
});
