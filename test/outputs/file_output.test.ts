import { appendFile, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fileOutput } from '../../src/outputs/file_output.ts';
import { AT_START, type FollowerState, type OutputPlan } from '../../src/outputs/output.ts';
import { filesOf } from '../../src/outputs/rotating_file.ts';
import { rowsFrom } from '../helpers/rows.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';

const HEAD = 'head\n';

const planIn = (file: string, wishes: { maxBytes?: number; maxFiles?: number } = {}): OutputPlan =>
  fileOutput({
    name: 'lines',
    file,
    maxBytes: 0,
    maxFiles: 0,
    head: Buffer.from(HEAD),
    format: ({ rows }) => Buffer.from(rows.map(({ entry }) => `${String(entry.n)}\n`).join('')),
    ...wishes,
  });

const stateAt = (offset: number): FollowerState => ({
  ...AT_START,
  position: { segment: 'logs_20260131_120000.jsonl.gz', offset },
  entries: offset,
});

/** What all files of an output hold, oldest first, without their heads. */
async function contentOf(file: string): Promise<string> {
  const texts = await Promise.all((await filesOf(file)).map(({ path }) => readFile(path, 'utf8')));
  for (const text of texts) expect(text.startsWith(HEAD)).toBe(true);
  return texts.map((text) => text.slice(HEAD.length)).join('');
}

describe('an output of files', () => {
  test('goes on where it was saved, with the state of then; what came after is cut', async () => {
    await using folder = await temporaryFolder();
    const plan = planIn(folder.in('out', 'x.txt'));
    {
      await using output = await plan.open();
      expect(output.saved?.position).toBeUndefined();
      await output.write(rowsFrom([{ n: 1 }]));
      await output.save(stateAt(1));
      await output.write(rowsFrom([{ n: 2 }]));
    }
    expect(await contentOf(plan.file)).toBe('1\n2\n');
    await using output = await plan.open();
    expect(output.saved).toEqual(stateAt(1));
    expect(await contentOf(plan.file)).toBe('1\n');
    await output.write(rowsFrom([{ n: 3 }]));
    await output.save(stateAt(2));
    expect(await contentOf(plan.file)).toBe('1\n3\n');
  });

  test('that never saved begins anew', async () => {
    await using folder = await temporaryFolder();
    const plan = planIn(folder.in('x.txt'));
    for (const n of [1, 2]) {
      await using output = await plan.open();
      expect(output.saved?.position).toBeUndefined();
      await output.write(rowsFrom([{ n }]));
    }
    expect(await contentOf(plan.file)).toBe('2\n');
  });

  test('begins the next file when one is full; a block is never divided, and one larger than a file has its own', async () => {
    await using folder = await temporaryFolder();
    const plan = planIn(folder.in('x.txt'), { maxBytes: HEAD.length + 6 });
    await using output = await plan.open();
    for (const entries of [[1], [2], [3], [4, 5], [6, 7, 8, 9], [10]])
      await output.write(rowsFrom(entries.map((n) => ({ n }))));
    await output.save(stateAt(10));
    const files = await filesOf(plan.file);
    expect(files.map(({ path }) => path.slice(folder.path.length + 1))).toEqual([
      'x.txt',
      'x.000001.txt',
      'x.000002.txt',
      'x.000003.txt',
    ]);
    const texts = await Promise.all(files.map(({ path }) => readFile(path, 'utf8')));
    expect(texts).toEqual(['head\n1\n2\n3\n', 'head\n4\n5\n', 'head\n6\n7\n8\n9\n', 'head\n10\n']);
  });

  test('keeps as many files as it is told, the newest', async () => {
    await using folder = await temporaryFolder();
    const plan = planIn(folder.in('x.txt'), { maxBytes: HEAD.length + 2, maxFiles: 2 });
    await using output = await plan.open();
    for (let n = 1; n <= 5; n += 1) await output.write(rowsFrom([{ n }]));
    expect(await filesOf(plan.file)).toHaveLength(5);
    await output.save(stateAt(5));
    expect(await contentOf(plan.file)).toBe('4\n5\n');
  });

  test('however often it dies, between whichever saves, over however many files: each entry is there once', async () => {
    const life = fc.record({
      writes: fc.array(fc.record({ entries: fc.nat(5), isSaved: fc.boolean() }), { maxLength: 6 }),
      maxBytes: fc.constantFrom(0, HEAD.length + 3, HEAD.length + 20),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(life, { maxLength: 5 }), async (lives) => {
        await using folder = await temporaryFolder();
        const file = folder.in('x.txt');
        let saved = 0;
        for (const { writes, maxBytes } of lives) {
          await using output = await planIn(file, { maxBytes }).open();
          expect(output.saved?.position?.offset ?? 0).toBe(saved);
          let n = saved;
          for (const { entries, isSaved } of writes) {
            await output.write(rowsFrom(Array.from({ length: entries }, () => ({ n: (n += 1) }))));
            if (isSaved) await output.save(stateAt((saved = n)));
          }
        }
        await (await planIn(file).open())[Symbol.asyncDispose]();
        expect(await contentOf(file)).toBe(
          Array.from({ length: saved }, (_, index) => `${index + 1}\n`).join(''),
        );
      }),
      { numRuns: 60 },
    );
  });

  test('whose file was taken away or cut begins the next one, and touches nothing', async () => {
    await using folder = await temporaryFolder();
    const plan = planIn(folder.in('x.txt'));
    {
      await using output = await plan.open();
      await output.write(rowsFrom([{ n: 1 }]));
      await output.save(stateAt(1));
    }
    await writeFile(plan.file, 'head\n');
    {
      await using output = await plan.open();
      await output.write(rowsFrom([{ n: 2 }]));
      await output.save(stateAt(2));
    }
    await rm(folder.in('x.000001.txt'));
    await using output = await plan.open();
    expect(output.saved).toEqual(stateAt(2));
    expect((await readdir(folder.path)).sort()).toEqual(['x.000002.txt', 'x.txt', 'x.txt.follower']);
  });

  test('whose file is deleted while it is written does not save into nothing', async () => {
    await using folder = await temporaryFolder();
    const plan = planIn(folder.in('x.txt'));
    await using output = await plan.open();
    await output.write(rowsFrom([{ n: 1 }]));
    await rm(plan.file);
    await expect((async () => output.save(stateAt(1)))()).rejects.toThrow('was deleted');
  });

  test('writes over no file of somebody else, but where it is told to', async () => {
    await using folder = await temporaryFolder();
    const plan = planIn(folder.in('x.txt'));
    await writeFile(plan.file, 'precious');
    await writeFile(folder.in('x.000007.txt'), 'too');
    await writeFile(folder.in('x.y.txt'), 'other');
    await expect(plan.open()).rejects.toThrow(plan.file);
    expect(await readFile(plan.file, 'utf8')).toBe('precious');
    await plan.reset();
    expect(await readFile(plan.file, 'utf8')).toBe(HEAD);
    expect((await readdir(folder.path)).sort()).toEqual(['x.txt', 'x.txt.follower', 'x.y.txt']);
  });

  test('that is reset begins anew, whatever was saved', async () => {
    await using folder = await temporaryFolder();
    const plan = planIn(folder.in('x.txt'), { maxBytes: HEAD.length + 2 });
    {
      await using output = await plan.open();
      for (let n = 1; n <= 3; n += 1) await output.write(rowsFrom([{ n }]));
      await output.save(stateAt(3));
    }
    await appendFile(plan.file, 'x');
    await plan.reset();
    expect(await contentOf(plan.file)).toBe('');
    expect(await filesOf(plan.file)).toHaveLength(1);
    await using output = await plan.open();
    expect(output.saved?.position).toBeUndefined();
  });
});
