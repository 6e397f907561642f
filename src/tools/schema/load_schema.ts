import { link } from './link.ts';
import { readSourceFiles } from './read_files.ts';
import type { Schema } from './schema.ts';

/** Reads a file of Thrift's IDL with what it includes (from its own folder, or `includeFolders`). Throws IdlError. */
export async function loadSchema(path: string, includeFolders: readonly string[] = []): Promise<Schema> {
  return link(await readSourceFiles(path, includeFolders));
}
