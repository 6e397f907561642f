import { glob } from 'node:fs/promises';
import { matchesGlob, basename } from 'node:path';
import type { FileFacts } from './content.ts';
import { factsAt } from './open_content.ts';

/** A file that the patterns found, by one path or several. */
export interface Found extends FileFacts {
  readonly paths: readonly string[];
}

export interface Findings {
  /** By `device:inode`. */
  readonly files: ReadonlyMap<string, Found>;
  /** What could not be looked at or is not a file, by path. */
  readonly refused: ReadonlyMap<string, string>;
}

export interface Patterns {
  /** Absolute paths and glob patterns. */
  readonly paths: readonly string[];
  /** Patterns of what to leave out: of the whole path, or, without a slash, of the name. */
  readonly exclude: readonly string[];
}

const AT_ONCE = 32;

/** What the patterns find now. Symbolic links are followed; a file found by several paths is found once. */
export async function findFiles({ paths, exclude }: Patterns): Promise<Findings> {
  const found = new Set<string>();
  for (const pattern of paths)
    for await (const path of expand(pattern)) if (!isExcluded(path, exclude)) found.add(path);
  return lookAt([...found]);
}

/** What these paths are now. */
export async function lookAt(paths: readonly string[]): Promise<Findings> {
  const files = new Map<string, Found>();
  const refused = new Map<string, string>();
  const look = async (path: string): Promise<void> => {
    const facts = await factsAt(path).catch((error: unknown) => (error as Error).message);
    if (facts === undefined) return;
    if (typeof facts === 'string') refused.set(path, facts);
    else if (facts.kind !== 'file') refused.set(path, REFUSED[facts.kind]);
    else files.set(facts.inode, { ...facts, paths: [...(files.get(facts.inode)?.paths ?? []), path] });
  };
  for (let at = 0; at < paths.length; at += AT_ONCE)
    await Promise.all(paths.slice(at, at + AT_ONCE).map(look));
  return { files, refused };
}

export const isExcluded = (path: string, exclude: readonly string[]): boolean =>
  exclude.some((pattern) => matchesGlob(pattern.includes('/') ? path : basename(path), pattern));

/** True for a pattern, as opposed to a path. */
export const isPattern = (path: string): boolean => /[*?[{]|[!@+]\(/.test(path);

/** A path that is there stands for itself, whatever characters it has. */
async function* expand(pattern: string): AsyncGenerator<string> {
  if (!isPattern(pattern) || (await factsAt(pattern).catch(() => undefined)) !== undefined) yield pattern;
  else yield* glob(pattern);
}

/** Why what is found there is not followed. */
const REFUSED = {
  folder: 'it is a folder: name the files in it, with a pattern such as folder/*.log',
  other: 'it is not a file',
} as const;
