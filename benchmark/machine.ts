/** Where figures were taken: without it they say nothing. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';
import { promisify } from 'node:util';

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly system: string;
  readonly node: string;
  readonly zlib: string;
  readonly zstd: string;
  /** Of the checkout; `+` behind it where files differ from it. */
  readonly commit: string;
  /** Processes that wanted a core over the last minute: above 0.5 or so the figures are disturbed. */
  readonly loadBefore: number;
}

export async function describeMachine(): Promise<Machine> {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    system: `${await distribution()}, Linux ${release()}`,
    node: process.versions.node,
    zlib: process.versions.zlib,
    zstd: process.versions.zstd ?? 'none',
    commit: await commit(),
    loadBefore: loadavg()[0] ?? 0,
  };
}

async function distribution(): Promise<string> {
  const text = await readFile('/etc/os-release', 'utf8').catch(() => '');
  return /^PRETTY_NAME="(.*)"$/m.exec(text)?.[1] ?? process.platform;
}

async function commit(): Promise<string> {
  const cwd = import.meta.dirname;
  const git = async (...args: string[]): Promise<string> =>
    (await promisify(execFile)('git', args, { cwd })).stdout.trim();
  try {
    const changed = await git('status', '--porcelain', '--untracked-files=no');
    return `${await git('rev-parse', '--short', 'HEAD')}${changed === '' ? '' : '+'}`;
  } catch {
    return 'unknown';
  }
}
