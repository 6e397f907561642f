/** Archives verified together, of which retention deleted something. */
import { symlink } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { noteDeletion } from '../../src/archive/deleted.ts';
import { listSegments } from '../../src/archive/segment_name.ts';
import { openArchive, writeArchive } from '../helpers/archives.ts';
import { RECEIVED_AT_MS, makeBlocks, memberBytes } from '../helpers/blocks.ts';
import { elsewhere, here, partBlocks, writePart } from '../helpers/parted_archives.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';
import { until } from '../helpers/until.ts';
import { verified } from '../helpers/verified.ts';

describe('several archives', () => {
  test('of which one lost a segment to retention meanwhile miss nothing for it', async () => {
    await using folder = await temporaryFolder();
    const [a, b] = [folder.in('a'), folder.in('b')];
    await writePart(a, here(1, 10));
    await writePart(b, elsewhere(1, 12), here(13, 13));
    expect((await verified(a, b)).exitCode).toBe(1);
    const deleted = `${a}/logs_20260131_120001.jsonl.gz`;
    await symlink('/nonexistent/segment', deleted);
    const { exitCode, report } = await verified(a, b);
    expect(exitCode).toBe(0);
    expect(report).toContain(`note: ${deleted} was deleted meanwhile\n`);
  });

  test('of which retention deleted something miss nothing that may have been in it, and say how much that is', async () => {
    await using folder = await temporaryFolder();
    const [a, b] = [folder.in('a'), folder.in('b')];
    const blocks = await partBlocks('web-1', [here(1, 4), elsewhere(5, 8), here(9, 12)]);
    const most = Math.max(...blocks.map((block) => memberBytes(block).length));
    const retention = { retention: { maxBytes: 1, maxAgeMs: 0, hardMaxBytes: 1 }, retainEveryMs: 5 };
    const others = [elsewhere(1, 4), here(5, 6), elsewhere(7, 10), here(11, 12), elsewhere(13, 14)];
    const late = (sequence: number): number => (sequence > 10 ? 1000 : 0);
    const written = (await partBlocks('web-1', others)).map((block) => ({
      ...block,
      receivedAtMs: block.receivedAtMs + late(block.sequence),
    }));
    await writeArchive(b, written);
    {
      await using opened = await openArchive(a, { segmentMaxBytes: most, ...retention });
      for (const block of blocks.filter(({ sequence }) => sequence !== 11 && sequence !== 12))
        await opened.archive.append(block);
      await until('only the newest is left', async () => (await listSegments(a)).length === 1, 30_000);
    }
    const found = await verified(a, b);
    expect(found.problems).toEqual([
      'sequences 13 to 14 of web-1 are said to be elsewhere, and are in none of these archives',
    ]);
    expect(found.report).toContain(
      'note: 7 sequences are in none of these archives: retention may have deleted them\n',
    );
  });

  test('of which retention deleted something that came later than what is left there miss nothing either', async () => {
    await using folder = await temporaryFolder();
    const [a, b] = [folder.in('a'), folder.in('b')];
    await writePart(b, here(1, 4), elsewhere(5, 8), here(9, 9));
    await writeArchive(
      a,
      await makeBlocks(1, 1, { shipperId: 'cut-off', receivedAtMs: RECEIVED_AT_MS - 60_000 }),
    );
    expect((await verified(a, b)).exitCode).toBe(1);
    await noteDeletion(a, 'logs_20260131_115959.jsonl.gz');
    const { exitCode, report } = await verified(a, b);
    expect(exitCode).toBe(0);
    expect(report).toContain('note: 4 sequences are in none of these archives');
  });
});
