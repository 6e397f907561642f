/** A file system of a few MiB of its own, so that a disk can really be full, or read-only. */
import { spawnSync } from 'node:child_process';
import { rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { listSegments } from '../../src/archive/segment_name.ts';
import { temporaryFolder } from './temp_folder.ts';
import { until } from './until.ts';

const MIB = 1024 * 1024;

export interface Tmpfs extends AsyncDisposable {
  in(...names: string[]): string;
  /** Takes this many MiB of it away, until `free` is called. */
  fill(mib: number): Promise<void>;
  free(): Promise<void>;
  /** Mounts it anew: settles once the system does it (it does not while a file is open for writing). */
  remount(how: 'ro' | 'rw'): Promise<void>;
}

/** Mounts a tmpfs; it is unmounted when disposed of. */
export async function mountTmpfs(mib: number): Promise<Tmpfs> {
  const folder = await temporaryFolder();
  const problem = mount('-t', 'tmpfs', '-o', `size=${mib}m`, 'logferry-test', folder.path);
  if (problem !== '') throw new Error(problem);
  const ballast = folder.in('ballast');
  return {
    in: (...names) => folder.in(...names),
    fill: (taken) => writeFile(ballast, Buffer.alloc(taken * MIB)),
    free: () => rm(ballast),
    remount: (how) => until(`the disk is ${how}`, () => mount('-o', `remount,${how}`, folder.path) === ''),
    async [Symbol.asyncDispose]() {
      spawnSync('umount', ['--lazy', folder.path]);
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** False where nothing can be mounted (not root, a container without the right): that is said. In CI it must be possible. */
export async function canMount(): Promise<boolean> {
  try {
    await (await mountTmpfs(1))[Symbol.asyncDispose]();
    return true;
  } catch (error) {
    const problem = `a tmpfs can't be mounted: ${(error as Error).message}`;
    if (process.env.CI !== undefined) throw new Error(`${problem}, and CI needs it`, { cause: error });
    process.stderr.write(`SKIPPED: ${problem}, so the tests of a full disk did not run\n`);
    return false;
  }
}

/** Settles when the newest segment has been written to again, however that went: a failed write shows there too. */
export async function isWrittenAgain(dataDir: string): Promise<void> {
  const before = await newestChange(dataDir);
  await until('the archive is tried again', async () => (await newestChange(dataDir)) !== before);
}

async function newestChange(dataDir: string): Promise<number> {
  const newest = (await listSegments(dataDir)).at(-1);
  return newest === undefined ? 0 : (await stat(join(dataDir, newest.name))).mtimeMs;
}

/** What the system says against it; nothing where it is done. */
function mount(...args: string[]): string {
  const { status, stderr, error } = spawnSync('mount', args, { encoding: 'utf8' });
  return status === 0 ? '' : (error?.message ?? stderr.trim());
}
