import { describe, expect, test } from 'vitest';
import { openArchive, writeArchive } from '../helpers/archives.ts';
import { EPOCH, makeBlock, makeBlocks, sequencesIn, type BlockWishes } from '../helpers/blocks.ts';
import { codeOf } from '../helpers/errors.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';

const NEW_EPOCH = EPOCH + 1;

/** What becomes of a block after blocks 1 to 3 of shipper `a`: the outcome or the error's code, and the sequences stored. */
async function after(
  wishes: BlockWishes,
  isReopened: boolean,
): Promise<{ outcome: unknown; stored: number[] }> {
  await using folder = await temporaryFolder();
  const before = await makeBlocks(1, 3);
  if (isReopened) await writeArchive(folder.path, before);
  let outcome: unknown;
  {
    await using opened = await openArchive(folder.path);
    if (!isReopened) await Promise.all(before.map((block) => opened.archive.append(block)));
    const block = await makeBlock(wishes);
    const code = await codeOf(async () => (outcome = await opened.archive.append(block)));
    outcome ??= code;
  }
  return { outcome, stored: await sequencesIn(folder.path) };
}

const gap = (from: number): BlockWishes => ({ text: '', gap: { from, entries: 5, reason: 'spool full' } });

describe.each([
  ['in the same run', false],
  ['after reopening', true],
])('after blocks 1 to 3, %s', (_, isReopened) => {
  test.each([
    ['the next is stored', { sequence: 4 }, 'stored', [1, 2, 3, 4]],
    ['the last is not stored again', { sequence: 3 }, 'repeated', [1, 2, 3]],
    ['an earlier one is not stored again', { sequence: 1 }, 'repeated', [1, 2, 3]],
    ['one that leaves a gap is refused', { sequence: 5 }, 'sequence_gap', [1, 2, 3]],
    [
      'the last with other content is a conflict',
      { sequence: 3, text: '{"other":1}\n' },
      'conflict',
      [1, 2, 3],
    ],
    ['sequence 1 of a new epoch is stored', { sequence: 1, epoch: NEW_EPOCH }, 'stored', [1, 2, 3, 1]],
    ['sequence 9 of a new epoch is stored', { sequence: 9, epoch: NEW_EPOCH }, 'stored', [1, 2, 3, 9]],
    ['a stranger is stored', { shipperId: 'b', sequence: 77 }, 'stored', [1, 2, 3]],
    ['a gap from the next on is stored', { ...gap(4), sequence: 8 }, 'stored', [1, 2, 3, 8]],
    ['a gap in the place of what is stored is a conflict', { ...gap(2), sequence: 3 }, 'conflict', [1, 2, 3]],
    [
      'a gap that begins in what is stored and ends behind it is refused',
      { ...gap(3), sequence: 6 },
      'sequence_gap',
      [1, 2, 3],
    ],
    ['a gap that leaves a gap is refused', { ...gap(5), sequence: 8 }, 'sequence_gap', [1, 2, 3]],
  ] as [string, BlockWishes, string, number[]][])('%s', async (_what, wishes, outcome, stored) => {
    expect(await after(wishes, isReopened)).toEqual({ outcome, stored });
  });
});

test('a block that is being written is not stored again, and the answer waits for it', async () => {
  await using folder = await temporaryFolder();
  await using opened = await openArchive(folder.path);
  const block = await makeBlock();
  const outcomes = await Promise.all([opened.archive.append(block), opened.archive.append(block)]);
  expect(outcomes).toEqual(['stored', 'repeated']);
  expect(opened.reports.stored).toEqual([1]);
});

test('after a gap the sequence behind it is next', async () => {
  await using folder = await temporaryFolder();
  await using opened = await openArchive(folder.path);
  await opened.archive.append(await makeBlock());
  await opened.archive.append(await makeBlock({ ...gap(2), sequence: 6 }));
  expect(await codeOf(async () => opened.archive.append(await makeBlock({ sequence: 8 })))).toBe(
    'sequence_gap',
  );
  expect(await opened.archive.append(await makeBlock({ sequence: 7 }))).toBe('stored');
  expect(await opened.archive.append(await makeBlock({ sequence: 4 }))).toBe('repeated');
  expect(await opened.archive.append(await makeBlock({ ...gap(2), sequence: 6 }))).toBe('repeated');
});

test('other content is told from a resend for the last 256 batches', async () => {
  await using folder = await temporaryFolder();
  await using opened = await openArchive(folder.path);
  await Promise.all((await makeBlocks(1, 300)).map((block) => opened.archive.append(block)));
  const again = async (sequence: number): Promise<unknown> =>
    codeOf(async () => opened.archive.append(await makeBlock({ sequence, text: '{}\n' })));
  expect(await again(45)).toBe('conflict');
  expect(await again(300)).toBe('conflict');
  expect(await again(44)).toBe('no error');
});

test('one shipper out of turn does not hold up another', async () => {
  await using folder = await temporaryFolder();
  await using opened = await openArchive(folder.path);
  const [a1, a3, b1] = await Promise.all([
    makeBlock(),
    makeBlock({ sequence: 3 }),
    makeBlock({ shipperId: 'b' }),
  ]);
  const settled = await Promise.allSettled([a1, a3, b1].map((block) => opened.archive.append(block)));
  expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
});
