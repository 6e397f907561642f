import { expect, test } from 'vitest';
import { interleave } from '../../benchmark/interleave.ts';

test('every alternative is measured once a round, in order', async () => {
  const order: string[] = [];
  const measured = await interleave(['a', 'b'], 2, (name, round) => {
    order.push(`${name}${round}`);
    return Promise.resolve(`${name}${round}`);
  });
  expect(order).toEqual(['a1', 'b1', 'a2', 'b2']);
  expect(measured).toEqual([
    { alternative: 'a', samples: ['a1', 'a2'] },
    { alternative: 'b', samples: ['b1', 'b2'] },
  ]);
});
