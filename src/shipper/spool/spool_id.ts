import { mkdir, readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomically } from '../../base/atomic_file.ts';
import { ShipperError } from '../shipper_error.ts';
import { parseSpoolFileName } from './spool_file.ts';

/**
 * The shipper id whose numbers are in the spool: `wanted` or, where nothing is wanted, the one of the last run, or a new
 * one. `isOfSpool` tells the files that hold what is numbered under it. Throws ShipperError `conflict` where the spool still holds batches of another shipper.
 */
export async function spoolShipperId(
  folder: string,
  wanted: string | undefined,
  makeNew: () => string,
  isOfSpool = (name: string): boolean => parseSpoolFileName(name) !== undefined,
): Promise<string> {
  const path = join(folder, 'shipper_id');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const known = await readIfThere(path);
  const id = wanted ?? known ?? makeNew();
  if (known === id) return id;
  const isEmpty = !(await readdir(folder)).some(isOfSpool);
  if (known !== undefined && !isEmpty) {
    throw new ShipperError(
      'conflict',
      `the spool ${folder} holds batches of ${known}, and SHIPPER_ID is ${id}: ship them under their own id first`,
    );
  }
  await writeFileAtomically(path, `${id}\n`);
  return id;
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return (await readFile(path, 'utf8')).trim() || undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
