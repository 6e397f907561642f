/** Which users and days there are, on file and waiting. */
import { readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { countLines } from '../../../users/day_lines.ts';
import {
  dayFileOf,
  dayOfFile,
  folderNameOf,
  ID_FILE,
  idOfFolderName,
  idOfHashedFolder,
  isHashed,
} from '../../../users/file_name.ts';
import type { UserBuffer } from '../../../users/user_buffer.ts';

export interface ListedDay {
  readonly day: number;
  /** Entries that wait. */
  readonly buffered: number;
  /** Entries on file, and their bytes. */
  readonly on_file: number;
  readonly bytes: number;
}

export interface ListedUser {
  readonly user_id: string;
  readonly days: readonly ListedDay[];
}

export interface Listing {
  readonly users: readonly ListedUser[];
  /** There are more behind the last of them. */
  readonly more: boolean;
}

export interface ListingWish {
  /** Only this one. */
  readonly userId?: string | undefined;
  /** Only those behind this one. */
  readonly after?: string | undefined;
  readonly limit: number;
}

/** Users in the order of the names of their folders, with what they have. */
export async function listUsers(
  { folder }: { readonly folder: string },
  buffer: UserBuffer,
  { userId, after, limit }: ListingWish,
): Promise<Listing> {
  const waiting = new Map<string, Map<number, number>>();
  for (const { userId: id, day, entries } of await buffer.waiting()) {
    const days = waiting.get(id) ?? new Map<number, number>();
    waiting.set(id, days.set(day, entries));
  }
  const names =
    userId === undefined
      ? new Set([...(await userFolders(folder)), ...[...waiting.keys()].map(folderNameOf)])
      : [folderNameOf(userId)];
  const behind = after === undefined ? '' : folderNameOf(after);
  const wanted = [...names].filter((name) => name > behind).toSorted();
  const known = new Map([...waiting.keys()].map((id) => [folderNameOf(id), id]));
  const users: ListedUser[] = [];
  for (const name of wanted.slice(0, limit)) {
    const id = known.get(name) ?? (await idOfFolder(folder, name));
    const days = id === undefined ? [] : await listDays(join(folder, name), waiting.get(id));
    if (id !== undefined && days.length > 0) users.push({ user_id: id, days });
  }
  return { users, more: wanted.length > limit };
}

/** The days of which a user has entries, in order. */
export async function daysOf(
  { folder }: { readonly folder: string },
  buffer: UserBuffer,
  userId: string,
): Promise<readonly number[]> {
  const waiting = (await buffer.waiting()).filter((one) => one.userId === userId).map(({ day }) => day);
  const days = new Set([...(await daysOnFile(join(folder, folderNameOf(userId)))), ...waiting]);
  return [...days].toSorted((a, b) => a - b);
}

async function listDays(
  path: string,
  waiting: ReadonlyMap<number, number> | undefined,
): Promise<ListedDay[]> {
  const days = new Set([...(await daysOnFile(path)), ...(waiting?.keys() ?? [])]);
  const listed: ListedDay[] = [];
  for (const day of [...days].toSorted((a, b) => a - b)) {
    const file = join(path, dayFileOf(day));
    const bytes = await sizeOf(file);
    listed.push({ day, buffered: waiting?.get(day) ?? 0, on_file: await countLines(file, 0, bytes), bytes });
  }
  return listed;
}

const userFolders = async (folder: string): Promise<string[]> =>
  (await namesIn(folder)).filter((name) => isHashed(name) || idOfFolderName(name) !== undefined);

async function idOfFolder(folder: string, name: string): Promise<string | undefined> {
  if (!isHashed(name)) return idOfFolderName(name);
  const bytes = await unlessGone(readFile(join(folder, name, ID_FILE)));
  return bytes && idOfHashedFolder(name, bytes);
}

const daysOnFile = async (path: string): Promise<number[]> =>
  (await namesIn(path)).map(dayOfFile).filter((day) => day !== undefined);

const namesIn = async (folder: string): Promise<string[]> => (await unlessGone(readdir(folder))) ?? [];

const sizeOf = async (path: string): Promise<number> => (await unlessGone(stat(path)))?.size ?? 0;

async function unlessGone<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}
