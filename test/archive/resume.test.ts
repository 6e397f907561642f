import { expect, test } from 'vitest';
import { advance } from '../../src/archive/resume.ts';
import { EPOCH, makeBlock } from '../helpers/blocks.ts';

const at = (offset: number) => ({ offset, head: 'ab', headBytes: 1 });

test('a stranger begins where its first block is', async () => {
  const block = await makeBlock({ sequence: 7, positions: { a: at(1) } });
  expect(advance(undefined, block)).toEqual({
    epoch: EPOCH,
    sequence: 7,
    crc: block.crc,
    positions: { a: at(1) },
  });
});

test('positions that moved replace the old ones, the others stay', async () => {
  const first = advance(undefined, await makeBlock({ positions: { a: at(1), b: at(2) } }));
  const second = advance(first, await makeBlock({ sequence: 2, positions: { b: at(3), c: at(4) } }));
  const third = advance(second, await makeBlock({ sequence: 3 }));
  expect(third.positions).toEqual({ a: at(1), b: at(3), c: at(4) });
});

test('a position of what is gone for good takes its name out', async () => {
  const first = advance(undefined, await makeBlock({ positions: { a: at(1), b: at(2) } }));
  const gone = { ...at(0), isGone: true as const };
  const second = advance(first, await makeBlock({ sequence: 2, positions: { a: gone, c: gone } }));
  expect(second.positions).toEqual({ b: at(2) });
});

test('a new epoch keeps the positions: they are of the sources, not of the numbers', async () => {
  const first = advance(undefined, await makeBlock({ sequence: 9, positions: { a: at(1) } }));
  expect(advance(first, await makeBlock({ sequence: 1, epoch: EPOCH + 1 }))).toMatchObject({
    epoch: EPOCH + 1,
    sequence: 1,
    positions: { a: at(1) },
  });
});

test('a source named __proto__ is a source like any other', async () => {
  const positions = JSON.parse('{"__proto__":{"offset":1,"head":"ab","headBytes":1}}') as Record<
    string,
    ReturnType<typeof at>
  >;
  const point = advance(
    advance(undefined, await makeBlock({ positions })),
    await makeBlock({ sequence: 2, positions: { a: at(2) } }),
  );
  expect(Object.keys(point.positions)).toEqual(['__proto__', 'a']);
});
