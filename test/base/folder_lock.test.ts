import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { isFolderLocked, lockFolder } from '../../src/base/folder_lock.ts';
import { codeOf } from '../helpers/errors.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';

const HOLDER = `
import { lockFolder } from ${JSON.stringify(new URL('../../src/base/folder_lock.ts', import.meta.url).href)};
const unlock = await lockFolder(process.argv[1]);
process.stdout.write(unlock === undefined ? 'refused' : 'locked');
setInterval(() => undefined, 1000);
`;

/** Another process that takes the lock, once it has said how that went. */
async function holder(folder: string) {
  const process_ = spawn(process.execPath, ['--input-type=module', '-e', HOLDER, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = (await once(process_.stdout, 'data')) as [Buffer];
  return {
    said: said.toString(),
    async kill(): Promise<void> {
      process_.kill('SIGKILL');
      await once(process_, 'exit');
    },
  };
}

test('a folder is locked once, and again when it was given back', async () => {
  await using folder = await temporaryFolder();
  expect(await isFolderLocked(folder.path)).toBe(false);
  const unlock = await lockFolder(folder.path);
  expect(await isFolderLocked(folder.path)).toBe(true);
  expect(await lockFolder(folder.path)).toBeUndefined();
  await unlock?.();
  await unlock?.();
  expect(await isFolderLocked(folder.path)).toBe(false);
  const again = await lockFolder(folder.path);
  expect(again).toBeDefined();
  await again?.();
});

test('another process is refused, and gets the lock of one that was killed', async () => {
  await using folder = await temporaryFolder();
  const first = await holder(folder.path);
  expect(first.said).toBe('locked');
  expect(await lockFolder(folder.path)).toBeUndefined();
  const second = await holder(folder.path);
  expect(second.said).toBe('refused');
  await second.kill();
  await first.kill();
  expect(await isFolderLocked(folder.path)).toBe(false);
  const unlock = await lockFolder(folder.path);
  expect(unlock).toBeDefined();
  await unlock?.();
});

test('of many who take it and give it back, one has it at a time', async () => {
  await using folder = await temporaryFolder();
  let holders = 0;
  let taken = 0;
  let atOnce = 0;
  const contender = async (): Promise<void> => {
    while (taken < 200) {
      const unlock = await lockFolder(folder.path);
      if (unlock === undefined) continue;
      taken += 1;
      holders += 1;
      atOnce = Math.max(atOnce, holders);
      await setImmediate();
      holders -= 1;
      await unlock();
    }
  };
  await Promise.all(Array.from({ length: 6 }, contender));
  expect(atOnce).toBe(1);
});

test('a folder is the same under another name', async () => {
  await using folder = await temporaryFolder();
  await mkdir(folder.in('data'));
  await symlink(folder.in('data'), folder.in('link'));
  const unlock = await lockFolder(folder.in('link'));
  expect(await lockFolder(folder.in('data'))).toBeUndefined();
  await unlock?.();
});

describe.each([
  ['long', 'x'.repeat(150)],
  ['not in ASCII', 'ä'.repeat(60)],
  ['deep', `${'x'.repeat(40)}/${'y'.repeat(40)}/${'z'.repeat(40)}`],
])('a folder whose path is %s', (_, name) => {
  test('is locked like any other', async () => {
    await using folder = await temporaryFolder();
    const path = folder.in(name);
    await mkdir(path, { recursive: true });
    const unlock = await lockFolder(path);
    expect(unlock).toBeDefined();
    expect(await lockFolder(path)).toBeUndefined();
    expect(await isFolderLocked(path)).toBe(true);
    await unlock?.();
    expect(await isFolderLocked(path)).toBe(false);
  });
});

test('a file where the lock should be does not keep the folder from being locked', async () => {
  await using folder = await temporaryFolder();
  await writeFile(folder.in('lock.sock'), '');
  const unlock = await lockFolder(folder.path);
  expect(unlock).toBeDefined();
  await unlock?.();
});

test('a folder that is not there is an error', async () => {
  expect(await codeOf(() => lockFolder('/nonexistent/folder'))).toBe('ENOENT');
});
