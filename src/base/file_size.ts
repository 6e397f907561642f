import { stat } from 'node:fs/promises';

/** Bytes of a file; 0 where it is gone, as it may be between a look into its folder and one at it. */
export async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
}
