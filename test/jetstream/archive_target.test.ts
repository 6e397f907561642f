import { describe, expect, test } from 'vitest';
import { readBlocks } from '../../src/archive/block_reader.ts';
import { FORMATS, type FormatName } from '../../src/archive/format.ts';
import { listSegments } from '../../src/archive/segment_name.ts';
import { ArchiveTarget } from '../../src/jetstream/archive_target.ts';
import { decodeBlock, encodeBlock } from '../../src/jetstream/block_message.ts';
import type { StreamBlock } from '../../src/jetstream/work_target.ts';
import { openArchive } from '../helpers/archives.ts';
import { EPOCH, makeBlock, type BlockWishes } from '../helpers/blocks.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';

/** A block as a worker has it from the stream. */
async function received(wishes: BlockWishes, sequence = wishes.sequence ?? 1): Promise<StreamBlock> {
  const format = FORMATS[wishes.format ?? 'gzip'];
  return { ...decodeBlock(encodeBlock(format, await makeBlock(wishes))), sequence };
}

async function openTarget(folder: string, format: FormatName = 'gzip') {
  const refused: string[] = [];
  const { archive } = await openArchive(folder, { format });
  const target = new ArchiveTarget({
    archive,
    format,
    level: 1,
    refused: (stream, sequence, reason) => refused.push(`${stream} ${sequence}: ${reason}`),
  });
  return { target, refused, archive };
}

/** What lies in an archive: `1`, `elsewhere 2-9`, `10`. */
async function heldIn(folder: string): Promise<string[]> {
  const held: string[] = [];
  for (const segment of await listSegments(folder))
    for await (const { header, read } of readBlocks(folder, segment)) {
      await read();
      const { gap, sequence } = header;
      held.push(gap?.elsewhere === true ? `elsewhere ${gap.from}-${sequence}` : String(sequence));
    }
  return held;
}

test('what is given again, whole or in part, is there once', async () => {
  await using folder = await temporaryFolder();
  const blocks = await Promise.all([1, 2, 3, 4].map((sequence) => received({ sequence })));
  for (let run = 1; run <= 2; run += 1) {
    const { target } = await openTarget(folder.path);
    await target.write('S-0', blocks.slice(0, 2));
    await target.write('S-0', blocks);
    await target[Symbol.asyncDispose]();
  }
  expect(await heldIn(folder.path)).toEqual(['1', '2', '3', '4']);
});

test('what another worker has is said to be elsewhere, once, also where it was killed in between', async () => {
  await using folder = await temporaryFolder();
  const { target } = await openTarget(folder.path);
  await target.write('S-0', [await received({ sequence: 1 }), await received({ sequence: 10 })]);
  await target[Symbol.asyncDispose]();
  const again = await openTarget(folder.path);
  await again.target.write('S-0', [await received({ sequence: 10 }), await received({ sequence: 12 })]);
  await again.target[Symbol.asyncDispose]();
  expect(await heldIn(folder.path)).toEqual(['1', 'elsewhere 2-9', '10', 'elsewhere 11-11', '12']);
});

test('a shipper, or an epoch of one, may begin anywhere', async () => {
  await using folder = await temporaryFolder();
  const { target } = await openTarget(folder.path);
  await target.write('S-0', [
    await received({ sequence: 7 }),
    await received({ sequence: 3, epoch: EPOCH + 1 }),
  ]);
  await target[Symbol.asyncDispose]();
  expect(await heldIn(folder.path)).toEqual(['7', '3']);
});

describe.each([
  ['gzip', 'zstd'],
  ['zstd', 'gzip'],
] as const)('from %s to %s', (from, to) => {
  test('a block is compressed anew', async () => {
    await using folder = await temporaryFolder();
    const { target } = await openTarget(folder.path, to);
    await target.write('S-0', [await received({ format: from, sequence: 1 })]);
    await target[Symbol.asyncDispose]();
    expect(await heldIn(folder.path)).toEqual(['1']);
  });

  test('one that does not inflate is refused, and those behind it are not', async () => {
    await using folder = await temporaryFolder();
    const { target, refused } = await openTarget(folder.path, to);
    const broken = { ...(await received({ format: from, sequence: 1 }, 8)), body: Buffer.from('nothing') };
    await target.write('S-0', [broken, await received({ format: from, sequence: 2 })]);
    await target[Symbol.asyncDispose]();
    expect(await heldIn(folder.path)).toEqual(['2']);
    expect(refused).toEqual([expect.stringMatching(/^S-0 8: /)]);
  });
});

test('other content under a number that is there is refused', async () => {
  await using folder = await temporaryFolder();
  const { target, refused } = await openTarget(folder.path);
  await target.write('S-0', [
    await received({ sequence: 1 }),
    await received({ sequence: 1, text: '{}\n' }, 5),
  ]);
  await target[Symbol.asyncDispose]();
  expect(await heldIn(folder.path)).toEqual(['1']);
  expect(refused).toEqual([expect.stringContaining('S-0 5: batch 1 of a came again with other content')]);
});

test('a gap that holds what is there is refused', async () => {
  await using folder = await temporaryFolder();
  const { target, refused } = await openTarget(folder.path);
  const gap = { from: 2, entries: 5, reason: 'dropped' };
  await target.write('S-0', [
    await received({ sequence: 3 }),
    await received({ sequence: 6, text: '', gap }),
  ]);
  await target[Symbol.asyncDispose]();
  expect(await heldIn(folder.path)).toEqual(['3']);
  expect(refused).toEqual(['S-0 6: it is a gap from 2 on, and 3 is there']);
});

test('a shipper of more sources than an archive keeps positions of is stored without them', async () => {
  await using folder = await temporaryFolder();
  const { target, archive } = await openTarget(folder.path);
  const name = 'x'.repeat(30_000);
  const blocks = await Promise.all(
    Array.from({ length: 300 }, (_, index) =>
      received({ sequence: index + 1, positions: { [`${name}${index}`]: { offset: index } as never } }),
    ),
  );
  await target.write('S-0', blocks);
  expect((await archive.resumePoint('a'))?.sequence).toBe(300);
  await target[Symbol.asyncDispose]();
  expect(await heldIn(folder.path)).toHaveLength(300);
});
