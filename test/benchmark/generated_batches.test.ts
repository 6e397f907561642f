import { expect, test } from 'vitest';
import { generatedEntries, inBatches } from '../../benchmark/generated_batches.ts';
import { countEntries } from '../../src/wire/ndjson.ts';

test.each([1, 256, 300])('%d entries are that many lines, the same for the same seed', async (count) => {
  const bytes = await generatedEntries(count, 7);
  expect(countEntries(bytes)).toBe(count);
  expect(bytes).toEqual(await generatedEntries(count, 7));
  expect(bytes).not.toEqual(await generatedEntries(count, 8));
});

test('batches hold so many entries each, the last one what is left', async () => {
  const bytes = await generatedEntries(120, 1);
  const batches = inBatches(bytes, 50);
  expect(batches.map((batch) => countEntries(batch))).toEqual([50, 50, 20]);
  expect(Buffer.concat(batches)).toEqual(bytes);
});
