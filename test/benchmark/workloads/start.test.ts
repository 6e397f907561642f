import { expect, test } from 'vitest';
import { number, resultsOf, spread } from '../../helpers/benchmarks.ts';

test('start: how long both programs take', async () => {
  const { rows, bars } = await resultsOf('start');
  expect(rows).toMatchObject([
    { alternative: 'receiver listens', ms: spread, bytes: spread },
    { alternative: 'shipper is done', ms: spread, bytes: spread },
  ]);
  expect(bars).toMatchObject([{ what: 'receiver listens at most', limit: 250, measured: number }]);
});
