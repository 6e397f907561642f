/**
 * `checkpoint.json`: the resume points as of a position, written when a segment is closed. It only shortens the start;
 * the headers in the segments are the truth, and a checkpoint that is missing or does not check out is done without.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { writeFileAtomically } from '../base/atomic_file.ts';
import type { Position, ResumePoint } from './commit_log.ts';

export const CHECKPOINT_FILE = 'checkpoint.json';

export interface Checkpoint {
  /** Everything before it is counted in. */
  readonly position: Position;
  readonly resumePoints: ReadonlyMap<string, ResumePoint>;
}

/** Writes the checkpoint of `folder` durably. */
export async function saveCheckpoint(folder: string, { position, resumePoints }: Checkpoint): Promise<void> {
  const body = JSON.stringify({ position, resumePoints: [...resumePoints] });
  await writeFileAtomically(
    join(folder, CHECKPOINT_FILE),
    `${JSON.stringify({ version: 1, crc: crc32(body) })}\n${body}\n`,
  );
}

/** The checkpoint of `folder`, or undefined where there is none that checks out. */
export async function loadCheckpoint(folder: string): Promise<Checkpoint | undefined> {
  let text: string;
  try {
    text = await readFile(join(folder, CHECKPOINT_FILE), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const [head = '', body = ''] = text.split('\n');
  if (head !== JSON.stringify({ version: 1, crc: crc32(body) })) return undefined;
  const { position, resumePoints } = JSON.parse(body) as {
    position: Position;
    resumePoints: [string, ResumePoint][];
  };
  return { position, resumePoints: new Map(resumePoints) };
}
