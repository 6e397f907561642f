import { realpath } from 'node:fs/promises';
import { QueryError } from '../query/query_error.ts';

/** These folders, in their order. Throws QueryError where two of them are the same: its entries would be there twice. */
export async function distinctFolders(folders: readonly string[]): Promise<readonly string[]> {
  const known = new Map<string, string>();
  for (const folder of folders) {
    const real = await realpath(folder).catch(() => folder);
    const before = known.get(real);
    if (before === folder) throw new QueryError(`${folder} is named twice`);
    if (before !== undefined) throw new QueryError(`${before} and ${folder} are the same folder`);
    known.set(real, folder);
  }
  return folders;
}
