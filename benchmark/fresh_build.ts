/** The product as users run it: compiled. */
import { execFile } from 'node:child_process';
import { glob, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { lockFolder } from '../src/base/folder_lock.ts';
import type { Context } from './workload.ts';

const ROOT = join(import.meta.dirname, '..');

export const SERVER = join(ROOT, 'dist', 'server_main.js');
export const CLIENT = join(ROOT, 'dist', 'client_main.js');

/** Runs `npm run build` where dist/ is missing or older than a source. Throws with the compiler's words where that fails. */
export async function ensureBuilt({ progress, signal }: Pick<Context, 'progress' | 'signal'>): Promise<void> {
  const unlock = await lockBuild(signal);
  try {
    if (await isFresh()) return;
    progress('building dist/');
    await build(signal);
  } finally {
    await unlock();
  }
}

async function build(signal: AbortSignal): Promise<void> {
  try {
    await promisify(execFile)('npm', ['run', 'build'], { cwd: ROOT, signal });
  } catch (error) {
    signal.throwIfAborted();
    const { stdout, stderr } = error as { stdout?: string; stderr?: string };
    throw new Error(`npm run build failed:\n${stdout ?? ''}${stderr ?? ''}`, { cause: error });
  }
}

/** A build removes what it makes anew: two at once would take from each other what they are about to run. */
async function lockBuild(signal: AbortSignal): Promise<() => Promise<void>> {
  for (;;) {
    const unlock = await lockFolder(join(ROOT, 'node_modules'));
    if (unlock !== undefined) return unlock;
    await delay(50, undefined, { signal });
  }
}

async function isFresh(): Promise<boolean> {
  const builtMs = Math.min(await changedMs(SERVER), await changedMs(CLIENT));
  for await (const source of glob(
    ['src/**/*.{ts,js,css,html,svg}', '{server,client}_main.ts', 'tsconfig*.json'],
    {
      cwd: ROOT,
    },
  )) {
    if ((await changedMs(join(ROOT, source))) > builtMs) return false;
  }
  return builtMs > 0;
}

/** Zero where there is no such file. */
const changedMs = async (path: string): Promise<number> =>
  (await stat(path).catch(() => ({ mtimeMs: 0 }))).mtimeMs;
