import type { Projection } from '../projection.ts';

/** `{"order.paid": 12, …}` */
export const countByType: Projection<number> = {
  name: 'count_by_type',
  version: 1,
  help: 'how many events there are of each type',
  keyOf: ({ type }) => type,
  initial: 0,
  apply: (count) => count + 1,
};
