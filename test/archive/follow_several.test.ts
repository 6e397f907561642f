import { describe, expect, test } from 'vitest';
import { followSeveral } from '../../src/archive/follow_several.ts';
import { openArchive, writeArchive } from '../helpers/archives.ts';
import { makeBlocks } from '../helpers/blocks.ts';
import { elsewhere, here, partBlocks, writePart } from '../helpers/parted_archives.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';
import { until } from '../helpers/until.ts';

/** The sequences of blocks as they are followed, `stop` being called when it is enough. */
function following(...folders: string[]): { seen: number[]; stop: () => Promise<void> } {
  const stop = new AbortController();
  const seen: number[] = [];
  const archives = folders.map((folder) => ({ folder, position: undefined }));
  const ended = (async () => {
    for await (const { header } of followSeveral(archives, stop.signal)) seen.push(header.sequence);
  })();
  return {
    seen,
    async stop() {
      stop.abort();
      await ended;
    },
  };
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

test('an archive is handed on as it is written, over segments, until the signal aborts', async () => {
  await using folder = await temporaryFolder();
  await using opened = await openArchive(folder.path, { segmentMaxBytes: 400 });
  const { seen, stop } = following(folder.path);
  for (const block of await makeBlocks(1, 30)) {
    await opened.archive.append(block);
    if (block.sequence % 7 === 0) await until('it is seen', () => seen.at(-1) === block.sequence);
  }
  await until('the last is seen', () => seen.length === 30);
  expect(seen).toEqual(upTo(30));
  await stop();
});

describe('several archives', () => {
  test('are handed on in the order their blocks were received, of what is there', async () => {
    await using folder = await temporaryFolder();
    const [a, b] = [folder.in('a'), folder.in('b')];
    await writePart(a, here(1, 3), elsewhere(4, 6), here(7, 7));
    await writePart(b, here(4, 6));
    const { seen, stop } = following(b, a);
    await until('all is seen', () => seen.length === 8, 30_000);
    expect(seen).toEqual([1, 2, 3, 4, 5, 6, 6, 7]);
    await stop();
  });

  test('that had nothing are not asked again for a while, as long as another has more', async () => {
    await using folder = await temporaryFolder();
    const [busy, quiet] = [folder.in('busy'), folder.in('quiet')];
    await writePart(busy, here(1, 9));
    await writeArchive(quiet, []);
    const stop = new AbortController();
    let nowMs = 0;
    const archives = [busy, quiet].map((path) => ({ folder: path, position: undefined }));
    const seen: string[] = [];
    for await (const { header } of followSeveral(archives, stop.signal, () => nowMs)) {
      seen.push(`${header.shipperId} ${header.sequence}`);
      if (seen.length === 1) await writeArchive(quiet, await partBlocks('web-0', [here(1, 1)]));
      if (seen.length === 5) nowMs += 50;
      if (seen.length === 10) stop.abort();
    }
    const before = [1, 2, 3, 4, 5].map((sequence) => `web-1 ${sequence}`);
    expect(seen.slice(0, 6)).toEqual([...before, 'web-0 1']);
  });

  test('wake it whichever is written, one that was empty too', async () => {
    await using folder = await temporaryFolder();
    const folders = [folder.in('a'), folder.in('b'), folder.in('c')];
    for (const one of folders) await writeArchive(one, []);
    const { seen, stop } = following(...folders);
    for (const sequence of upTo(9)) {
      const archive = folders[sequence % 3] ?? '';
      await writeArchive(archive, await partBlocks(`web-${sequence}`, [here(sequence, sequence)]));
      await until('it is seen', () => seen.length === sequence, 30_000);
    }
    expect(seen).toEqual(upTo(9));
    await stop();
  });
});
