import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { generatedEntries } from '../../../benchmark/generated_batches.ts';
import { checkEntries } from '../../../benchmark/peers/entry_check.ts';

const check = (texts: readonly string[], sent: readonly number[]) =>
  checkEntries(Readable.from(texts.map((text) => Buffer.from(text))), sent);

/** The entries of a client, each with its newline. */
async function madeBy(seed: number, count: number): Promise<string[]> {
  return (await generatedEntries(count, seed)).toString().split(/(?<=\n)/);
}

test('all entries of two clients, mixed', async () => {
  const [first, second] = [await madeBy(1, 300), await madeBy(2, 200)];
  const mixed = first.flatMap((line, n) => [line, second[n] ?? '']);
  expect(await check(mixed, [300, 200])).toEqual({ lost: 0, repeated: 0, damaged: 0 });
  expect(await check([first.join(''), second.join('')], [300, 200])).toEqual({
    lost: 0,
    repeated: 0,
    damaged: 0,
  });
});

test('lost, repeated and damaged entries are counted', async () => {
  const lines = await madeBy(1, 10);
  expect(await check(lines.slice(0, 7), [10])).toEqual({ lost: 3, repeated: 0, damaged: 0 });
  expect(await check(lines.slice(1), [10])).toEqual({ lost: 1, repeated: 0, damaged: 0 });
  expect(await check([...lines, ...lines.slice(0, 2)], [10])).toEqual({ lost: 0, repeated: 2, damaged: 0 });
  expect(await check([...lines.slice(0, 9), lines[9]?.slice(0, -4) ?? ''], [10])).toEqual({
    lost: 1,
    repeated: 0,
    damaged: 1,
  });
  expect(await check(lines, [9])).toEqual({ lost: 0, repeated: 0, damaged: 1 });
});

test('an entry that only one of two clients sent is missing where it is there never, and repeated where it is there twice', async () => {
  const [first, second] = [await madeBy(1, 3), await madeBy(2, 5)];
  expect(await check([...first, ...second.slice(0, 4)], [3, 5])).toMatchObject({ lost: 1, repeated: 0 });
  expect(await check([...first, ...second, ...second.slice(4)], [3, 5])).toMatchObject({
    lost: 0,
    repeated: 1,
  });
});
