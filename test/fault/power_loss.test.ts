import { readlinkSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { openArchive } from '../helpers/archives.ts';
import { listSegments } from '../../src/archive/segment_name.ts';
import {
  expectResumed,
  expectResumedByShipper,
  restore,
  WRITTEN,
  snapshotOf,
  type Snapshot,
} from '../helpers/power_loss.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';

const CASES = [
  { format: 'gzip', layout: 'the segment goes on' },
  { format: 'gzip', layout: 'the segment is new' },
  { format: 'zstd', layout: 'the segment goes on' },
  { format: 'zstd', layout: 'the segment is new' },
] as const;

/** What a disk may have left of the bytes it was not told to keep. */
const DAMAGES: Readonly<Record<string, (bytes: Buffer, at: number) => Buffer>> = {
  'is cut there': (bytes, at) => bytes.subarray(0, at),
  'has one byte garbled': (bytes, at) => {
    const garbled = Buffer.from(bytes);
    garbled.writeUInt8(garbled.readUInt8(at) ^ 0x55, at);
    return garbled;
  },
  'is zero from there': (bytes, at) => Buffer.from(bytes).fill(0, at),
};

/** Of the many cases these go through a receiver and a socket. */
const EVERY = 8;

/** Folders at once: most of the time goes by in fsync. */
const AT_ONCE = 16;

describe.each(CASES)(
  'power lost while two blocks are on their way to disk: $format, $layout',
  ({ format, layout }) => {
    test.each(Object.keys(DAMAGES))(
      'whichever byte of them it strikes, where the file %s no acknowledged block is lost and no damaged one kept',
      async (name) => {
        await using folder = await temporaryFolder();
        const snapshot = await snapshotOf(folder.path, format, layout);
        expect(await listSegments(snapshot.folder)).not.toHaveLength(0);
        const strike = async (at: number): Promise<void> => {
          const struck = folder.in(`${name} ${at}`);
          await restore(snapshot, struck, DAMAGES[name]?.(snapshot.bytes, at) ?? snapshot.bytes);
          await resume(at)(struck, snapshot, `${name}: byte ${at} of ${snapshot.bytes.length}`);
        };
        for (let from = snapshot.syncedBytes; from < snapshot.bytes.length; from += AT_ONCE) {
          const some = Math.min(AT_ONCE, snapshot.bytes.length - from);
          await Promise.all(Array.from({ length: some }, (_, index) => strike(from + index)));
        }
      },
    );
  },
);

const resume = (at: number): ((folder: string, snapshot: Snapshot, what: string) => Promise<void>) =>
  at % EVERY === 0 ? expectResumedByShipper : expectResumed;

afterEach(() => void vi.restoreAllMocks());

type SyncCall = (this: FileHandle) => Promise<void>;

/** Notes the files that are forced to disk from now on. */
async function watchSyncs(anyFile: string): Promise<string[]> {
  await using handle = await open(anyFile, 'r');
  const prototype = Object.getPrototypeOf(handle) as Record<'sync' | 'datasync', SyncCall>;
  const synced: string[] = [];
  for (const method of ['sync', 'datasync'] as const) {
    const original = prototype[method];
    vi.spyOn(prototype, method).mockImplementation(function (this: FileHandle) {
      synced.push(readlinkSync(`/proc/self/fd/${this.fd}`));
      return original.call(this);
    });
  }
  return synced;
}

test.each(CASES)(
  'kill -9 and then the power: what is found written is forced to disk before a shipper is told it is there ($format, $layout)',
  async ({ format, layout }) => {
    await using folder = await temporaryFolder();
    const snapshot = await snapshotOf(folder.path, format, layout);
    const killed = folder.in('killed');
    await restore(snapshot, killed, snapshot.bytes);
    const newest = folder.in('killed', snapshot.newest);
    const synced = await watchSyncs(newest);
    await using opened = await openArchive(killed, { format });
    expect(await opened.archive.resumePoint('a')).toMatchObject({ sequence: WRITTEN });
    expect(synced).toContain(newest);
  },
);
