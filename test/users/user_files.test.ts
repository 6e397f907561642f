import { mkdir, mkdtemp, readFile, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { UserFiles, type UserLines } from '../../src/users/user_files.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';
import { linesIn, numbersIn } from '../helpers/user_days.ts';

const lines = (userId: string, ...numbers: number[]): UserLines => ({
  userId,
  day: 1,
  lines: Buffer.from(numbers.map((n) => `{"n":${n}}\n`).join('')),
});

const append = (files: UserFiles, ...all: UserLines[]): Promise<void> =>
  files.turn((turn) =>
    turn.append(
      all.map((one) => turn.prepare(one)),
      {},
    ),
  );

test('lines are added to the file of their user and day', async () => {
  await using folder = await temporaryFolder();
  await using files = await UserFiles.open(folder.in('logs'));
  await append(files, lines('bob', 1, 2), lines('Bob', 3));
  await append(files, lines('bob', 4));
  expect(await readFile(folder.in('logs', 'user_bob', '1.jsonl'), 'utf8')).toBe(
    '{"n":1}\n{"n":2}\n{"n":4}\n',
  );
  expect(await numbersIn(folder.in('logs'), 'Bob', 1)).toEqual([3]);
  expect(
    await files.turn(async (turn) => Promise.resolve([turn.bytesOf('bob', 1), turn.bytesOf('eve', 1)])),
  ).toEqual([24, 0]);
});

test('a file that was there is added to, on a line of its own', async () => {
  await using folder = await temporaryFolder();
  await mkdir(folder.in('user_bob'));
  await writeFile(folder.in('user_bob', '1.jsonl'), '{"n":1}\n{"n":');
  await using files = await UserFiles.open(folder.path);
  await append(files, lines('bob', 2));
  expect(await linesIn(folder.path, 'bob', 1)).toEqual(['{"n":1}', '{"n":', '{"n":2}']);
});

test('the folder of a long id says whose it is', async () => {
  await using folder = await temporaryFolder();
  const userId = `\ud800${'é'.repeat(5000)}`;
  {
    await using files = await UserFiles.open(folder.path);
    await append(files, lines(userId, 1));
    await append(files, lines(userId, 2));
  }
  const [name = ''] = (await readdir(folder.path)).filter((one) => one.startsWith('user_'));
  expect((await readFile(join(folder.path, name, 'id'))).subarray(0, 5)).toEqual(
    Buffer.of(0xed, 0xa0, 0x80, 0xc3, 0xa9),
  );
  expect(await numbersIn(folder.path, userId, 1)).toEqual([1, 2]);
});

describe('nothing is written', () => {
  test.each([
    [
      'where a link leads elsewhere',
      async (folder: string, outside: string) => symlink(outside, join(folder, 'user_bob')),
    ],
    [
      'where a file is a link',
      async (folder: string, outside: string) => {
        await mkdir(join(folder, 'user_bob'));
        await symlink(join(outside, 'x'), join(folder, 'user_bob', '1.jsonl'));
      },
    ],
    ['where a file has the name', async (folder: string) => writeFile(join(folder, 'user_bob'), '')],
    [
      'where a folder has the name of the file',
      async (folder: string) => mkdir(join(folder, 'user_bob', '1.jsonl'), { recursive: true }),
    ],
  ])('%s, and other users are not in its way', async (_, prepare) => {
    await using folder = await temporaryFolder();
    const outside = await mkdtemp(join(folder.path, 'outside-'));
    await using files = await UserFiles.open(folder.in('logs'));
    await prepare(folder.in('logs'), outside);
    await expect(append(files, lines('bob', 1))).rejects.toMatchObject({ code: 'not_ours' });
    await append(files, lines('eve', 1));
    expect(await readdir(outside)).toEqual([]);
    expect(await numbersIn(folder.in('logs'), 'eve', 1)).toEqual([1]);
  });
});

test('writers take turns, and know what the others wrote', async () => {
  await using folder = await temporaryFolder();
  await using one = await UserFiles.open(folder.path);
  await using other = await UserFiles.open(folder.path);
  expect(other.id).toBe(one.id);
  const write = async (files: UserFiles, add: number): Promise<void> => {
    for (let round = 0; round < 20; round += 1)
      await files.turn(async (turn) => {
        const chunk = (turn.places.drained?.chunk ?? 0) + 1;
        await turn.append([turn.prepare(lines('bob', chunk)), turn.prepare(lines(`u${add}`, round))], {
          drained: { chunk, lists: [] },
        });
      });
  };
  await Promise.all([write(one, 1), write(other, 2)]);
  expect(await numbersIn(folder.path, 'bob', 1)).toEqual(Array.from({ length: 40 }, (_, index) => index + 1));
  expect(await numbersIn(folder.path, 'u1', 1)).toHaveLength(20);
});

test('what could not be written to its file is written at the next turn', async () => {
  await using folder = await temporaryFolder();
  await using files = await UserFiles.open(folder.path);
  await append(files, lines('bob', 1));
  const failed = files.turn(async (turn) => {
    const prepared = [turn.prepare(lines('bob', 2)), turn.prepare(lines('eve', 1))];
    await rename(folder.in('user_bob'), folder.in('aside'));
    await writeFile(folder.in('user_bob'), '');
    await turn.append(prepared, { drained: { chunk: 1, lists: [] } });
  });
  await expect(failed).rejects.toMatchObject({ code: 'not_ours' });
  await expect(append(files, lines('eve', 2))).rejects.toMatchObject({ code: 'not_ours' });
  await rm(folder.in('user_bob'));
  await rename(folder.in('aside'), folder.in('user_bob'));
  await append(files, lines('eve', 2));
  expect(await numbersIn(folder.path, 'bob', 1)).toEqual([1, 2]);
  expect(await numbersIn(folder.path, 'eve', 1)).toEqual([1, 2]);
  expect(await files.turn((turn) => Promise.resolve(turn.places.drained?.chunk))).toBe(1);
});

test('a file that is taken away between two turns is begun anew', async () => {
  await using folder = await temporaryFolder();
  await using files = await UserFiles.open(folder.path);
  await append(files, lines('bob', 1));
  await rename(folder.in('user_bob', '1.jsonl'), folder.in('old'));
  await append(files, lines('bob', 2));
  expect(await numbersIn(folder.path, 'bob', 1)).toEqual([2]);
});

test('a turn that is waited for in vain can be given up', async () => {
  await using folder = await temporaryFolder();
  await using one = await UserFiles.open(folder.path);
  await using other = await UserFiles.open(folder.path);
  await one.turn(async () => {
    await expect(other.turn(() => Promise.resolve(), AbortSignal.timeout(30))).rejects.toThrow();
  });
  await append(other, lines('bob', 1));
});

test('one append holds a file once', async () => {
  await using folder = await temporaryFolder();
  await using files = await UserFiles.open(folder.path);
  await expect(append(files, lines('bob', 1), lines('bob', 2))).rejects.toThrow(RangeError);
});
