/**
 * The files of a journal: `<run>_<number>.jsonl`, the lines of an application as they came, each ended by a newline. `run`
 * is when the run began (milliseconds, 15 digits) and eight random hex digits, so that no two runs write to one file and
 * names sort by age. A line that begins with a zero byte is the journal's own, and no entry:
 *
 *     00 'lost ' entries ' ' reason 0A      so many entries are missing here
 */
import { randomBytes } from 'node:crypto';

export const ZERO = 0x00;
export const NEWLINE = 0x0a;

const PATTERN = /^(\d{15}-[0-9a-f]{8})_(\d{8})\.jsonl$/;

/** A run's name, which sorts behind those of `names`, whatever the clock says. */
export function newRun(names: readonly string[], now: number): string {
  const latest = Math.max(0, ...names.map((name) => Number(runOf(name)?.slice(0, 15) ?? 0)));
  return `${String(Math.max(now, latest + 1)).padStart(15, '0')}-${randomBytes(4).toString('hex')}`;
}

export const journalFileName = (run: string, number: number): string =>
  `${run}_${String(number).padStart(8, '0')}.jsonl`;

/** True for a name that a journal gives. */
export const isJournalFile = (name: string): boolean => PATTERN.test(name);

/** The run a file is of; undefined where it is none of a journal. */
export const runOf = (name: string): string | undefined => PATTERN.exec(name)?.[1];

export const lostLine = (entries: number, reason: string): Buffer =>
  Buffer.from(`\0lost ${entries} ${reason.replaceAll('\n', ' ')}\n`);

/** What a line of the journal's own says; undefined where it makes no sense. */
export function parseLostLine(line: Buffer): { entries: number; reason: string } | undefined {
  const match = /^\0lost (\d{1,15}) (.{0,200})\n?$/.exec(line.toString('utf8'));
  return match === null ? undefined : { entries: Number(match[1]), reason: match[2] ?? '' };
}
