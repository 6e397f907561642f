/**
 * `worker.json` in the folder of a worker: the name under which work is left to it. It is made once, so that whoever is begun
 * in this folder is the same worker: what was left to it is, or is not, in what lies here.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { writeFileAtomically } from '../base/atomic_file.ts';
import { lockFolder } from '../base/folder_lock.ts';

export const WORKER_FILE = 'worker.json';

/** Locked while the file is read and written. */
const LOCK_FOLDER = 'worker-lock';
const LOCKED_AGAIN_AFTER_MS = 20;

const NAME = /^[A-Za-z0-9_-]{1,64}$/;

export interface WorkerRole {
  /** What is written. */
  readonly output: string;
  readonly group: string;
  /** The name of a worker whose folder is lost: this one is to be it from now on. */
  readonly adopted?: string | undefined;
}

interface Identity {
  readonly worker: string;
  /** By output, the group for which it is written. */
  readonly groups: Readonly<Record<string, string>>;
}

/**
 * The name of the worker of a folder, which is made where there is none: one name for all that begin there at once. Throws Error
 * where the folder is another's, or of another group.
 */
export async function workerOf(folder: string, role: WorkerRole): Promise<string> {
  const unlock = await lockPatiently(join(folder, LOCK_FOLDER));
  try {
    return await nameIn(folder, role);
  } finally {
    await unlock();
  }
}

/** Whoever has it is done in no time, or dead. */
async function lockPatiently(folder: string): Promise<() => Promise<void>> {
  await mkdir(folder, { recursive: true, mode: 0o750 });
  for (;;) {
    const unlock = await lockFolder(folder);
    if (unlock !== undefined) return unlock;
    await delay(LOCKED_AGAIN_AFTER_MS);
  }
}

async function nameIn(folder: string, { output, group, adopted }: WorkerRole): Promise<string> {
  if (adopted !== undefined && !NAME.test(adopted)) throw new Error(`${adopted} is not the name of a worker`);
  const path = join(folder, WORKER_FILE);
  const known = await readIdentity(path);
  if (adopted !== undefined && known !== undefined && known.worker !== adopted)
    throw new Error(
      `${folder} is of the worker ${known.worker}, and can't be ${adopted} too: name another folder (DATA_DIR)`,
    );
  const worker = known?.worker ?? adopted ?? `w-${randomBytes(6).toString('hex')}`;
  const before = known?.groups[output];
  if (before !== undefined && before !== group)
    throw new Error(
      `${output} in ${folder} is written for the group ${before}, which is not ${group}: name another folder (DATA_DIR)`,
    );
  if (before === undefined) {
    const identity: Identity = { worker, groups: { ...known?.groups, [output]: group } };
    await writeFileAtomically(path, `${JSON.stringify(identity)}\n`);
  }
  return worker;
}

async function readIdentity(path: string): Promise<Identity | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const identity = parse(text);
  if (!NAME.test(String(identity?.worker)) || typeof identity?.groups !== 'object')
    throw new Error(`${path} does not say which worker this is`);
  return identity as Identity;
}

function parse(text: string): Partial<Identity> | undefined {
  try {
    return (JSON.parse(text) ?? undefined) as Partial<Identity> | undefined;
  } catch {
    return undefined;
  }
}
