import { readFile, writeFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { BlockHeader } from '../../src/archive/block.ts';
import { ArchiveAudit } from '../../src/tools/archive_audit.ts';
import { auditTogether } from '../../src/tools/joint_audit.ts';
import { ShipperAudit } from '../../src/tools/shipper_audit.ts';
import { openArchive, writeArchive } from '../helpers/archives.ts';
import { EPOCH, makeBlock, makeBlocks } from '../helpers/blocks.ts';
import {
  elsewhere,
  elsewhereBlock,
  here,
  partBlocks,
  writePart,
  type Part,
} from '../helpers/parted_archives.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';
import { verified } from '../helpers/verified.ts';

const SEGMENT = 'logs_20260131_120000.jsonl.gz';

describe('an archive alone', () => {
  test('says how many batches are in others, and calls them neither damage nor lost', async () => {
    await using folder = await temporaryFolder();
    await writePart(folder.path, elsewhere(1, 5), here(6, 10), elsewhere(11, 20), here(21, 30));
    const { exitCode, report } = await verified(folder.path);
    expect(exitCode).toBe(0);
    expect(report).toContain('web-1: sequences 1 to 30, 30 entries, 15 batches in other archives\n');
    expect(report).toContain('clean');
  });

  test('is held to its order all the same', async () => {
    const audit = new ShipperAudit('web-1');
    const blocks = await partBlocks('web-1', [here(1, 3), elsewhere(5, 6), here(6, 7)]);
    const said = blocks.map((block) => audit.follow({ ...block, memberLength: 0, durableBytes: 0 }));
    expect(said.filter((text) => text !== undefined)).toEqual([
      'web-1 misses sequences 4 to 4',
      'web-1 repeats sequence 6 (7 was next)',
    ]);
  });
});

describe('several archives', () => {
  test('that hold every number once are clean, and summed up one by one and together', async () => {
    await using folder = await temporaryFolder();
    const [a, b] = [folder.in('a'), folder.in('b')];
    await writePart(a, here(1, 10), elsewhere(11, 20), here(21, 30));
    await writePart(b, elsewhere(1, 10), here(11, 20));
    const { exitCode, report } = await verified(a, b);
    expect(exitCode).toBe(0);
    expect(report.replaceAll(/\d+ bytes/g, 'N bytes').split('\n')).toEqual([
      `${a}: 1 segments, 21 blocks, 40 entries, N bytes`,
      '  web-1: sequences 1 to 30, 40 entries, 10 batches in other archives',
      `${b}: 1 segments, 11 blocks, 20 entries, N bytes`,
      '  web-1: sequences 1 to 20, 20 entries, 10 batches in other archives',
      'together: 2 segments, 32 blocks, 60 entries, N bytes',
      'clean: every block checks out, no sequence missing or repeated',
      '',
    ]);
    expect((await verified(b, a)).exitCode).toBe(0);
  });

  test.each<[string, Part[][], string[]]>([
    ['one of which is empty', [[here(1, 5)], []], []],
    ['one of which goes on without a word', [[here(1, 10)], [here(11, 20)]], []],
    [
      'that each say the others have the rest',
      [
        [here(1, 2), elsewhere(3, 6), here(7, 7)],
        [elsewhere(1, 2), here(3, 4)],
        [elsewhere(1, 4), here(5, 6)],
      ],
      [],
    ],
    ['that begin where retention left them', [[here(8, 10)], [here(11, 20)]], []],
    [
      'of which none has what one says is elsewhere',
      [
        [here(1, 10), elsewhere(11, 20), here(21, 30)],
        [here(11, 14), elsewhere(15, 30)],
      ],
      ['sequences 15 to 20 of web-1 are said to be elsewhere, and are in none of these archives'],
    ],
    [
      'that both say the other has it',
      [[here(1, 1), elsewhere(2, 3)], [elsewhere(1, 3)]],
      ['sequences 2 to 3 of web-1 are said to be elsewhere, and are in none of these archives'],
    ],
    [
      'between which nobody holds some',
      [[here(1, 10)], [here(21, 30)]],
      ['web-1 misses sequences 11 to 20: they are in none of these archives'],
    ],
    [
      'that hold some twice',
      [[here(1, 10), elsewhere(11, 20)], [here(9, 20)], [here(20, 21)]],
      ['web-1 repeats sequences 9 to 10: in 0 and in 1', 'web-1 repeats sequences 20 to 20: in 1 and in 2'],
    ],
  ])('%s', async (_, archives, problems) => {
    await using folder = await temporaryFolder();
    const folders = archives.map((_, index) => folder.in(String(index)));
    for (const [index, parts] of archives.entries()) await writePart(folders[index] ?? '', ...parts);
    const found = await verified(...folders);
    expect(found.problems.map((problem) => problem.replaceAll(`${folder.path}/`, ''))).toEqual(problems);
    expect(found.exitCode).toBe(problems.length === 0 ? 0 : 1);
  });

  test('count a declared loss as there, keep epochs and shippers apart', async () => {
    await using folder = await temporaryFolder();
    const lost = await makeBlock({
      shipperId: 'a',
      sequence: 4,
      text: '',
      gap: { from: 2, entries: 9, reason: 'full' },
    });
    await writeArchive(folder.in('a'), [
      ...(await makeBlocks(1, 1)),
      await elsewhereBlock(2, 4, { shipperId: 'a' }),
      ...(await makeBlocks(5, 6)),
      ...(await makeBlocks(1, 2, { epoch: EPOCH + 1 })),
      ...(await makeBlocks(7, 7, { shipperId: 'b' })),
    ]);
    await writeArchive(folder.in('b'), [lost, ...(await makeBlocks(1, 2, { epoch: EPOCH + 2 }))]);
    expect(await verified(folder.in('a'), folder.in('b'))).toMatchObject({ exitCode: 0, problems: [] });
  });

  test('tell what is wrong in one of them once, with its folder', async () => {
    await using folder = await temporaryFolder();
    const [a, b] = [folder.in('a'), folder.in('b')];
    await writePart(a, here(1, 6), elsewhere(7, 7), here(8, 8));
    await writePart(b, here(7, 7));
    const path = `${a}/${SEGMENT}`;
    const bytes = await readFile(path);
    const second = bytes.indexOf(Buffer.from([0x1f, 0x8b, 8, 4]), 1);
    bytes.fill(0xee, second + 40, second + 44);
    await writeFile(path, bytes);
    const { problems } = await verified(a, b);
    expect(problems).toEqual([
      expect.stringMatching(new RegExp(`^${path} at byte ${second}: a block header is damaged`)),
      expect.stringMatching(new RegExp(`^${path} at byte \\d+: web-1 misses sequences 2 to 2$`)),
    ]);
  });

  test('that are written meanwhile: what the first was still to get is read before it is called absent', async () => {
    await using folder = await temporaryFolder();
    const blocks = await partBlocks('web-1', [here(1, 30)]);
    await using first = await openArchive(folder.in('a'), { segmentMaxBytes: 500 });
    for (const block of blocks.slice(0, 10)) await first.archive.append(block);
    const [a, b] = [new ArchiveAudit(folder.in('a')), new ArchiveAudit(folder.in('b'))];
    await a.read();
    for (const block of blocks.slice(10, 20)) await first.archive.append(block);
    await writePart(folder.in('b'), elsewhere(1, 20), here(21, 30));
    await b.read();
    expect((await auditTogether([a, b])).problems).toEqual([]);
    expect(a.counts).toMatchObject({ blocks: 20, entries: 40 });
  });

  test('one of which is not there are an error', async () => {
    await using folder = await temporaryFolder();
    await writePart(folder.in('a'), here(1, 2));
    await expect(verified(folder.in('a'), folder.in('none'))).rejects.toThrow('ENOENT');
  });
});

const headerOf = (from: number, to: number, isElsewhere: boolean): BlockHeader => ({
  ...{ shipperId: 'a', epoch: 1, sequence: to, receivedAtMs: 0, count: isElsewhere ? 0 : 1, rawLength: 0 },
  ...{ crc: 0, positions: {}, memberLength: 0, durableBytes: 0 },
  ...(isElsewhere ? { gap: { from, entries: 0, reason: '', elsewhere: true } } : {}),
});

const WHOLE = { hasLostSegment: false, keptFromMs: -Infinity, read: () => Promise.resolve() };

/** What the archives say when number `index + 1` went to `owners[index]`, and each was told of the others' where it goes on. */
async function jointly(
  owners: readonly number[],
  isLost: (sequence: number) => boolean,
): Promise<readonly string[]> {
  const archives = [0, 1, 2].map((archive) => {
    const audit = new ShipperAudit('a');
    let last = 0;
    for (const [index, owner] of owners.entries()) {
      const sequence = index + 1;
      if (owner !== archive || isLost(sequence)) continue;
      if (sequence > last + 1) audit.follow(headerOf(last + 1, sequence - 1, true));
      audit.follow(headerOf(sequence, sequence, false));
      last = sequence;
    }
    return { folder: String(archive), shippers: new Map([['a', audit]]), ...WHOLE };
  });
  return (await auditTogether(archives)).problems;
}

test('however numbers are parted, all of them are clean, and any that is lost before the last is missed', async () => {
  const ANY_OWNERS = fc.array(fc.nat(2), { minLength: 2, maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(ANY_OWNERS, fc.nat(), async (owners, any) => {
      expect(await jointly(owners, () => false)).toEqual([]);
      const lost = (any % (owners.length - 1)) + 1;
      expect(await jointly(owners, (sequence) => sequence === lost)).toEqual([
        `sequences ${lost} to ${lost} of a are said to be elsewhere, and are in none of these archives`,
      ]);
    }),
  );
});
