import { rm, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import type { Block } from '../../src/archive/block.ts';
import { claimOutput } from '../../src/outputs/claim.ts';
import { followArchive } from '../../src/outputs/follower.ts';
import { usersOutput } from '../../src/outputs/users.ts';
import { UserFiles } from '../../src/users/user_files.ts';
import { writeArchive } from '../helpers/archives.ts';
import { makeBlock } from '../helpers/blocks.ts';
import { temporaryFolder, type TemporaryFolder } from '../helpers/temp_folder.ts';
import { linesIn, numbersIn } from '../helpers/user_days.ts';

const DAY = 86_400;

const event = (userId: string, day: number, n: number): string =>
  `{"user_id":${JSON.stringify(userId)},"timestamp":${day * DAY + n},"n":${n}}\n`;

const block = (sequence: number, text: string, shipperId = '@http'): Promise<Block> =>
  makeBlock({ shipperId, sequence, text });

async function follow(folder: TemporaryFolder): Promise<number> {
  const { entries } = await followArchive({
    folder: folder.in('data'),
    plan: usersOutput({ folder: folder.in('logs') }),
    isOnce: true,
    signal: new AbortController().signal,
    found: () => undefined,
  });
  return entries;
}

test('what came by HTTP goes to the file of its user and day, as it came', async () => {
  await using folder = await temporaryFolder();
  await writeArchive(folder.in('data'), [
    await block(1, event('bob', 1, 1) + event('Bob', 1, 2) + event('bob', 2, 3)),
    await block(1, event('bob', 1, 4), 'a'),
    await block(2, '{ "timestamp": 86400 , "user_id":"bob", "x": 1.0 }\n{"user_id":7,"timestamp":1}\n'),
  ]);
  expect(await follow(folder)).toBe(6);
  expect(await linesIn(folder.in('logs'), 'bob', 1)).toEqual([
    event('bob', 1, 1).trimEnd(),
    '{ "timestamp": 86400 , "user_id":"bob", "x": 1.0 }',
  ]);
  expect(await numbersIn(folder.in('logs'), 'Bob', 1)).toEqual([2]);
  expect(await numbersIn(folder.in('logs'), 'bob', 2)).toEqual([3]);
});

test('it goes on where it was saved, also where a drainer wrote meanwhile', async () => {
  await using folder = await temporaryFolder();
  await writeArchive(folder.in('data'), [await block(1, event('bob', 1, 1))]);
  await follow(folder);
  {
    await using files = await UserFiles.open(folder.in('logs'));
    await files.turn((turn) =>
      turn.append([turn.prepare({ userId: 'bob', day: 1, lines: Buffer.from('{"n":2}\n') })], {
        drained: { chunk: 1, lists: [] },
      }),
    );
  }
  await writeArchive(folder.in('data'), [await block(2, event('bob', 1, 3))]);
  await follow(folder);
  await follow(folder);
  expect(await numbersIn(folder.in('logs'), 'bob', 1)).toEqual([1, 2, 3]);
});

test('what could not be saved is written once, when it can', async () => {
  await using folder = await temporaryFolder();
  await writeArchive(folder.in('data'), [await block(1, event('eve', 1, 1))]);
  await follow(folder);
  await writeArchive(folder.in('data'), [await block(2, event('eve', 1, 2) + event('bob', 1, 2))]);
  await writeFile(folder.in('logs', 'user_bob'), '');
  await expect(follow(folder)).rejects.toMatchObject({ code: 'not_ours' });
  await rm(folder.in('logs', 'user_bob'));
  await follow(folder);
  expect(await numbersIn(folder.in('logs'), 'eve', 1)).toEqual([1, 2]);
  expect(await numbersIn(folder.in('logs'), 'bob', 1)).toEqual([2]);
});

test('two followers at once can’t have it, a follower and a drainer can', async () => {
  await using folder = await temporaryFolder();
  await using files = await UserFiles.open(folder.in('logs'));
  const plan = usersOutput({ folder: folder.in('logs') });
  await using claim = await claimOutput(folder.in('data'), plan);
  await expect(claimOutput(folder.in('other'), plan)).rejects.toThrow('another follower');
  expect([claim, files]).toBeDefined();
});

test('it is not written anew over what came another way', async () => {
  await using folder = await temporaryFolder();
  await expect(usersOutput({ folder: folder.in('logs') }).reset()).rejects.toThrow('move it away');
});
