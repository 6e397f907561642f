/** `dead-letter list`: what receivers would not take, and why. */
import { readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

export interface DeadLetter {
  /** As its folder is named. */
  readonly shipper: string;
  readonly epoch: number;
  readonly sequence: number;
  /** Undefined where the `.json` beside the entries is missing: the process was killed before it was written. */
  readonly entries?: number;
  readonly code?: string;
  readonly reason?: string;
  readonly writtenAtMs: number;
  /** The entries, as NDJSON. */
  readonly path: string;
}

const PATTERN = /^(\d+)-(\d+)\.ndjson$/;

/** The dead letters under a state folder, by shipper and number; none where there is no such folder. */
export async function readDeadLetters(stateFolder: string): Promise<DeadLetter[]> {
  const folder = join(stateFolder, 'dead-letter');
  const letters: DeadLetter[] = [];
  for (const shipper of (await namesIn(folder)).sort()) {
    for (const name of await namesIn(join(folder, shipper))) {
      const match = PATTERN.exec(name);
      if (match === null) continue;
      const path = join(folder, shipper, name);
      const [epoch, sequence] = [Number(match[1]), Number(match[2])];
      const { mtimeMs: writtenAtMs } = await stat(path);
      letters.push({ shipper, epoch, sequence, ...(await reasonOf(path)), writtenAtMs, path });
    }
  }
  return letters.sort(
    (a, b) => a.shipper.localeCompare(b.shipper) || a.epoch - b.epoch || a.sequence - b.sequence,
  );
}

/** A table for people, a line a letter. */
export function deadLetterTable(letters: readonly DeadLetter[], nowMs: number): string {
  if (letters.length === 0) return 'no dead letters\n';
  const rows = letters.map((letter) => [
    letter.shipper,
    String(letter.epoch),
    String(letter.sequence),
    String(letter.entries ?? '?'),
    letter.code ?? '?',
    printable(letter.reason ?? '?'),
    age(nowMs - letter.writtenAtMs),
    letter.path,
  ]);
  const table = [['SHIPPER', 'EPOCH', 'SEQUENCE', 'ENTRIES', 'CODE', 'REASON', 'AGE', 'PATH'], ...rows];
  const widths =
    table[0]?.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? [];
  return table
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}

const age = (ms: number): string => {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)}m`;
  return seconds < 172_800 ? `${Math.floor(seconds / 3600)}h` : `${Math.floor(seconds / 86_400)}d`;
};

/** A reason comes from a receiver: no terminal may act on it. */
const printable = (text: string): string => text.replace(/\p{C}+/gu, ' ');

async function reasonOf(path: string): Promise<Pick<DeadLetter, 'entries' | 'code' | 'reason'>> {
  try {
    const said = JSON.parse(await readFile(path.replace(/\.ndjson$/, '.json'), 'utf8')) as Record<
      string,
      unknown
    >;
    return {
      ...(typeof said.count === 'number' ? { entries: said.count } : {}),
      ...(typeof said.code === 'string' ? { code: said.code } : {}),
      ...(typeof said.reason === 'string' ? { reason: said.reason } : {}),
    };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' || error instanceof SyntaxError) return {};
    throw error;
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return [];
    throw error;
  }
}
