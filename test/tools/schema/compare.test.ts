import { writeFile } from 'node:fs/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Change } from '../../../src/tools/schema/change.ts';
import { compareSchemas } from '../../../src/tools/schema/compare.ts';
import { loadSchema } from '../../../src/tools/schema/load_schema.ts';
import { hurtIn, outcomesOf } from '../../helpers/generated_code.ts';
import { randomPair } from '../../helpers/random_schemas.ts';
import { isSafeChange, SCHEMA_CHANGES } from '../../helpers/schema_changes.ts';
import { temporaryFolder } from '../../helpers/temp_folder.ts';

/** Random pairs that are compiled: more, and others, by these names. */
const PAIRS = Number(process.env.SCHEMA_PAIRS ?? 30);
const SEED = Number(process.env.SCHEMA_SEED ?? 1);

/** What `schema check` finds from one text to another. */
async function changesOf(old: string, now: string): Promise<Change[]> {
  await using folder = await temporaryFolder();
  await writeFile(folder.in('old.thrift'), old);
  await writeFile(folder.in('now.thrift'), now);
  return compareSchemas(await loadSchema(folder.in('old.thrift')), await loadSchema(folder.in('now.thrift')));
}

test.each(SCHEMA_CHANGES)('$name: the verdict, and whom it hurts', async ({ old, now, changes }) => {
  const found = await changesOf(old, now);
  expect(Object.fromEntries(found.map(({ where, hurts }) => [where, hurts]))).toEqual(changes);
  for (const { what, why } of found) {
    expect(what).not.toBe('');
    expect(why.length).toBeGreaterThan(10);
  }
});

test('from a schema to itself there is no change', async () => {
  for (const { now } of SCHEMA_CHANGES) expect(await changesOf(now, now)).toEqual([]);
});

test("Python's generated code bears the verdicts out: where all is safe it reads, and else it fails or misreads", async () => {
  const cases = SCHEMA_CHANGES.filter(({ writes, calls }) => writes !== undefined || calls !== undefined);
  const outcomes = await outcomesOf(cases);
  expect(outcomes).toHaveLength(cases.length);
  for (const [index, change] of cases.entries()) {
    const outcome = outcomes[index] ?? {};
    const hurt = hurtIn(outcome);
    expect({ name: change.name, outcome, isSafe: hurt.length === 0 }).toMatchObject({
      isSafe: isSafeChange(change),
    });
    expect(Object.values(change.changes).flat()).toEqual(expect.arrayContaining(hurt));
  }
});

test('of random pairs nobody is hurt of whom that was not said', async () => {
  const pairs = fc.sample(randomPair, { numRuns: PAIRS, seed: SEED });
  for (const [index, outcome] of (await outcomesOf(pairs)).entries()) {
    const pair = pairs[index] ?? { old: '', now: '' };
    const said = (await changesOf(pair.old, pair.now)).flatMap(({ hurts }) => hurts);
    expect(said, JSON.stringify({ ...pair, outcome })).toEqual(expect.arrayContaining(hurtIn(outcome)));
  }
});
