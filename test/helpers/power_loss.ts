/** An archive as a power cut finds it: acknowledged blocks, then a group that was written and not yet forced to disk. */
import { cp, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Block } from '../../src/archive/block.ts';
import type { FormatName } from '../../src/archive/format.ts';
import { listSegments } from '../../src/archive/segment_name.ts';
import { openArchive } from './archives.ts';
import { EPOCH, blocksIn, makeBlocks, memberBytes, numberedLines } from './blocks.ts';
import { acknowledged, batchFrame, shipperPeer } from './raw_peer.ts';
import { testReceiver, verdictOn } from './receivers.ts';
import { until } from './until.ts';

export const ACKNOWLEDGED = 5;
/** The last two were on their way to disk. */
export const WRITTEN = 7;
/** The shipper goes on to here. */
const SHIPPED = 9;

export interface Snapshot {
  /** The folder at the moment of the cut, taken while the archive was open. */
  readonly folder: string;
  readonly format: FormatName;
  readonly segmentMaxBytes: number;
  /** The newest segment, and how much of it was on disk. */
  readonly newest: string;
  readonly syncedBytes: number;
  readonly bytes: Buffer;
}

/** Where the un-synced group lies. */
export type Layout = 'the segment goes on' | 'the segment is new';

/** Makes an archive in `folder` and copies it, un-synced group and all, before anything is closed. */
export async function snapshotOf(folder: string, format: FormatName, layout: Layout): Promise<Snapshot> {
  const [live, copy] = [join(folder, 'live'), join(folder, 'copy')];
  const blocks = await makeBlocks(1, WRITTEN, { format });
  const inFirst = blocks.slice(0, layout === 'the segment is new' ? ACKNOWLEDGED : ACKNOWLEDGED - 1);
  const segmentMaxBytes = inFirst.reduce((sum, block) => sum + memberBytes(block, 0, format).length, 0);
  {
    await using opened = await openArchive(live, { format, segmentMaxBytes });
    for (const block of blocks.slice(0, ACKNOWLEDGED)) await opened.archive.append(block);
    const before = await newestOf(live);
    await appendWithoutSync(opened.archive, blocks.slice(ACKNOWLEDGED));
    await cp(live, copy, { recursive: true, filter: (path) => !path.endsWith('.sock') });
    const newest = await newestOf(live);
    const isNew = newest.name !== before.name;
    expect(isNew).toBe(layout === 'the segment is new');
    const bytes = await readFile(join(copy, newest.name));
    return {
      folder: copy,
      format,
      segmentMaxBytes,
      newest: newest.name,
      syncedBytes: isNew ? 0 : before.bytes,
      bytes,
    };
  }
}

/** One group: in memory it is acknowledged, and what follows shows what a disk that forgot a part of it has left. */
const appendWithoutSync = (archive: { append(block: Block): Promise<unknown> }, blocks: readonly Block[]) =>
  Promise.all(blocks.map((block) => archive.append(block)));

async function newestOf(folder: string): Promise<{ name: string; bytes: number }> {
  const name = (await listSegments(folder)).at(-1)?.name ?? '';
  return { name, bytes: (await stat(join(folder, name))).size };
}

/** The snapshot in a folder of its own, its newest segment holding `bytes`. */
export async function restore(snapshot: Snapshot, folder: string, bytes: Buffer): Promise<void> {
  await mkdir(folder);
  await cp(snapshot.folder, folder, { recursive: true });
  await writeFile(join(folder, snapshot.newest), bytes);
}

/**
 * Opens the archive in `folder`: every acknowledged block is there, what is kept is as it was written, and the same
 * shipper, sending on from where it is told, makes it whole.
 */
export async function expectResumed(
  folder: string,
  { format, segmentMaxBytes }: Snapshot,
  what: string,
): Promise<void> {
  {
    await using opened = await openArchive(folder, { format, segmentMaxBytes });
    const held = (await opened.archive.resumePoint('a'))?.sequence ?? 0;
    expect(held, what).toBeGreaterThanOrEqual(ACKNOWLEDGED);
    expect(held, what).toBeLessThanOrEqual(WRITTEN);
    expect(await textsIn(folder), what).toEqual(textsTo(held));
    const rest = await makeBlocks(held + 1, SHIPPED, { format });
    for (const block of rest) expect(await opened.archive.append(block), what).toBe('stored');
  }
  await expectWhole(folder, what);
}

/** The same, over a socket and a receiver. */
export async function expectResumedByShipper(
  folder: string,
  { format, segmentMaxBytes }: Snapshot,
  what: string,
): Promise<void> {
  {
    await using receiver = await testReceiver(folder, { archive: { format, segmentMaxBytes } });
    await using peer = await shipperPeer(receiver.port, 'a', EPOCH);
    const held = peer.messages('READY')[0]?.sequence as number;
    expect(held, what).toBeGreaterThanOrEqual(ACKNOWLEDGED);
    for (let sequence = held + 1; sequence <= SHIPPED; sequence += 1)
      peer.send(batchFrame({ sequence, text: textOf(sequence) }));
    await until('all is acknowledged', () => acknowledged(peer) === SHIPPED);
  }
  await expectWhole(folder, what);
}

async function expectWhole(folder: string, what: string): Promise<void> {
  expect(await verdictOn(folder), what).toMatchObject({ code: 0 });
  expect(await textsIn(folder), what).toEqual(textsTo(SHIPPED));
}

const textOf = (sequence: number): string => numberedLines('a', sequence * 10, 2);
const textsTo = (sequence: number): string[] =>
  Array.from({ length: sequence }, (_, index) => textOf(index + 1));
const textsIn = async (folder: string): Promise<string[]> => (await blocksIn(folder)).map(({ text }) => text);
