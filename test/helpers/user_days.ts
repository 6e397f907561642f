import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dayFileOf, folderNameOf } from '../../src/users/file_name.ts';
import type { UserEntry } from '../../src/users/user_buffer.ts';

/** An entry with a number in it. */
export const entry = (userId: string, day: number, n: number): UserEntry => ({
  userId,
  day,
  line: Buffer.from(`{"n":${n}}\n`),
});

/** The lines of a user's day; none where there is no file. */
export async function linesIn(folder: string, userId: string, day: number): Promise<string[]> {
  let text: string;
  try {
    text = await readFile(join(folder, folderNameOf(userId), dayFileOf(day)), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
}

/** The numbers in them. */
export const numbersIn = async (folder: string, userId: string, day: number): Promise<number[]> =>
  (await linesIn(folder, userId, day)).map((line) => (JSON.parse(line) as { n: number }).n);
