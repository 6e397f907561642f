import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseSpoolFileName, recordAt, type SpoolRecord } from '../../src/shipper/spool/spool_file.ts';
import { spoolFiles } from './spools.ts';

export interface Spooled extends SpoolRecord {
  readonly epoch: number;
}

/** The whole records in the spool of another process, in order. A file that is deleted meanwhile is left out. */
export async function spooled(folder: string): Promise<Spooled[]> {
  const all: Spooled[] = [];
  for (const name of await spoolFiles(folder).catch(() => [])) {
    const epoch = parseSpoolFileName(name)?.epoch ?? 0;
    const bytes = await readFile(join(folder, name)).catch(() => Buffer.alloc(0));
    for (let at = 0; at < bytes.length;) {
      const found = recordAt(bytes, at);
      if (typeof found === 'string' || !('record' in found)) break;
      all.push({ epoch, ...found.record });
      at = found.record.offset + found.record.length;
    }
  }
  return all;
}

export const spooledEntries = async (folder: string): Promise<number> =>
  (await spooled(folder)).reduce((sum, { count }) => sum + count, 0);
