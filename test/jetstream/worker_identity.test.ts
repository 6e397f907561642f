import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { workerOf } from '../../src/jetstream/worker_identity.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';

const ARCHIVE = { output: 'archive', group: 'archive' };

test('a folder is the same worker for good, whatever it writes', async () => {
  await using folder = await temporaryFolder();
  const worker = await workerOf(folder.in('data'), ARCHIVE);
  expect(worker).toMatch(/^w-[0-9a-f]{12}$/);
  expect(await workerOf(folder.in('data'), ARCHIVE)).toBe(worker);
  expect(await workerOf(folder.in('data'), { output: 'csv', group: 'all' })).toBe(worker);
  expect((await stat(folder.in('data', 'worker.json'))).mode & 0o777).toBe(0o600);
  expect(await workerOf(folder.in('other'), ARCHIVE)).not.toBe(worker);
});

test('all that begin in a new folder at once are one worker', async () => {
  await using folder = await temporaryFolder();
  const roles = ['archive', 'csv', 'jsonl', 'stats'].map((output) => ({ output, group: output }));
  const names = await Promise.all(roles.map((role) => workerOf(folder.in('data'), role)));
  expect(new Set(names).size).toBe(1);
  await expect(workerOf(folder.in('data'), { output: 'csv', group: 'more' })).rejects.toThrow('not more');
});

test('what is written for one group is not written for another', async () => {
  await using folder = await temporaryFolder();
  await workerOf(folder.path, ARCHIVE);
  await expect(workerOf(folder.path, { output: 'archive', group: 'more' })).rejects.toThrow(
    'is written for the group archive, which is not more',
  );
});

test('a new folder takes the name of a worker that is lost, and may be begun again so', async () => {
  await using folder = await temporaryFolder();
  const adopting = { ...ARCHIVE, adopted: 'w-1' };
  expect(await workerOf(folder.path, adopting)).toBe('w-1');
  expect(await workerOf(folder.path, adopting)).toBe('w-1');
  await expect(workerOf(folder.path, { ...ARCHIVE, adopted: 'w-2' })).rejects.toThrow('is of the worker w-1');
  await expect(workerOf(folder.path, { ...ARCHIVE, adopted: 'w.>' })).rejects.toThrow(
    'not the name of a worker',
  );
});

test.each(['', 'null', '[]', '{"worker":"a.b","groups":{}}', '{"worker":"w-1"}'])(
  'a file that says nothing is told, and left as it is: %s',
  async (text) => {
    await using folder = await temporaryFolder();
    const path = folder.in('worker.json');
    await mkdir(folder.path, { recursive: true });
    await writeFile(path, text);
    await expect(workerOf(folder.path, ARCHIVE)).rejects.toThrow('does not say which worker this is');
    expect(await readFile(path, 'utf8')).toBe(text);
  },
);
