/**
 * `followers/NAME.json`: up to where each follower of the archive has read, and saved what it read. Retention keeps what
 * lies behind; where it can't, `followers/NAME.lost.json` says what the follower has lost by it.
 */
import { mkdir, readFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomically } from '../base/atomic_file.ts';
import type { Position } from './commit_log.ts';

export const FOLLOWERS_FOLDER = 'followers';

/** Where a follower stands. */
export interface FollowerPlace {
  /** Undefined before its first block. */
  readonly position?: Position;
  /** ISO 8601 */
  readonly savedAt: string;
  /** Entries it has written so far. */
  readonly entries: number;
  /** Lines that were no JSON, which it kept aside. */
  readonly malformed: number;
}

/** What retention deleted before a follower had read it. */
export interface FollowerLoss {
  readonly segments: number;
  readonly entries: number;
}

const PLACE = /^([a-z][a-z0-9_-]*)\.json$/;

const pathOf = (folder: string, name: string): string => join(folder, FOLLOWERS_FOLDER, `${name}.json`);
const lossPathOf = (folder: string, name: string): string =>
  join(folder, FOLLOWERS_FOLDER, `${name}.lost.json`);

/** Makes a follower's place known, durably. */
export async function publishPlace(folder: string, name: string, place: FollowerPlace): Promise<void> {
  await mkdir(join(folder, FOLLOWERS_FOLDER), { recursive: true, mode: 0o750 });
  await writeFileAtomically(pathOf(folder, name), `${JSON.stringify(place)}\n`);
}

/** The followers of an archive, by name. A place that can't be read is one before the first block. */
export async function readPlaces(folder: string): Promise<ReadonlyMap<string, FollowerPlace>> {
  const places = new Map<string, FollowerPlace>();
  for (const file of (await namesIn(join(folder, FOLLOWERS_FOLDER))).toSorted()) {
    const name = PLACE.exec(file)?.[1];
    if (name === undefined) continue;
    const place = (await readJson(pathOf(folder, name))) as FollowerPlace | undefined;
    places.set(name, { savedAt: '', entries: 0, malformed: 0, ...place });
  }
  return places;
}

/** Nothing is kept for this follower any more. False where it is not known. */
export async function forgetPlace(folder: string, name: string): Promise<boolean> {
  if (!(await readPlaces(folder)).has(name)) return false;
  await rm(pathOf(folder, name), { force: true });
  await rm(lossPathOf(folder, name), { force: true });
  return true;
}

export async function readLoss(folder: string, name: string): Promise<FollowerLoss> {
  const loss = (await readJson(lossPathOf(folder, name))) as FollowerLoss | undefined;
  return { segments: 0, entries: 0, ...loss };
}

/** Adds a segment to what a follower has lost. */
export async function addLoss(folder: string, name: string, entries: number): Promise<void> {
  const before = await readLoss(folder, name);
  const loss = { segments: before.segments + 1, entries: before.entries + entries };
  await writeFileAtomically(lossPathOf(folder, name), `${JSON.stringify(loss)}\n`);
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Undefined where there is no such file, or no JSON in it. */
async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
