import fc from 'fast-check';
import { readFile, readdir } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { divideLetter, runsOf } from '../../../src/shipper/dead_letters/parts.ts';
import { readDeadLetters, type DeadLetter } from '../../../src/shipper/dead_letters/list.ts';
import { keepLetter, linesOf, textOf } from '../../helpers/dead_letters.ts';
import { temporaryFolder } from '../../helpers/temp_folder.ts';

test('runs are whole lines in order, within the limit but for a single longer line, and no shorter than they must be', () => {
  const lines = fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 30 });
  fc.assert(
    fc.property(lines, fc.integer({ min: 1, max: 60 }), (lengths, maxBytes) => {
      const all = Buffer.from(textOf(lengths.map((length) => 'x'.repeat(length))));
      const runs = runsOf(all, maxBytes);
      expect(Buffer.concat(runs).equals(all)).toBe(true);
      for (const [index, run] of runs.entries()) {
        expect(run.at(-1)).toBe(0x0a);
        const isSingle = run.indexOf(0x0a) === run.length - 1;
        expect(isSingle || run.length <= maxBytes).toBe(true);
        const next = runs[index + 1];
        if (next !== undefined) expect(run.length + next.indexOf(0x0a) + 1).toBeGreaterThan(maxBytes);
      }
    }),
  );
});

test('parts take the place of their letter, in its order, with what is known of it', async () => {
  await using folder = await temporaryFolder();
  const lines = Array.from({ length: 25 }, (_, n) => `{"n":${n}}`);
  await keepLetter(folder.path, 'a', 9, lines);
  const [letter] = (await readDeadLetters(folder.path)) as [DeadLetter];
  const parts = await divideLetter(letter, Buffer.from(textOf(lines)), 24);
  const listed = await readDeadLetters(folder.path);
  expect(listed).toEqual(parts.map((part) => ({ ...part, writtenAtMs: expect.any(Number) as number })));
  expect(parts[10]).toMatchObject({ shipper: 'a', name: '7-9.11', entries: 2, code: 'entry_too_large' });
  const texts = await Promise.all(listed.map(({ path }) => readFile(path, 'utf8')));
  expect(texts.flatMap(linesOf)).toEqual(lines);
  expect(await readdir(folder.in('dead-letter', 'a'))).toHaveLength(parts.length * 2);
});
