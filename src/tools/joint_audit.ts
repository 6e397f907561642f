/**
 * Holds the shippers of several archives to their numbers as if it were one: in each epoch every number from the lowest on is
 * in exactly one of them, as entries or as a declared loss.
 */
import { united, without, type NumberRange } from './number_ranges.ts';
import type { Fate, NumberLine, ShipperAudit } from './shipper_audit.ts';

export interface AuditedArchive {
  readonly folder: string;
  readonly shippers: ReadonlyMap<string, ShipperAudit>;
  /** A segment was deleted before it was read: no number is called absent then. */
  readonly hasLostSegment: boolean;
  /** What was received before this moment may have been here, and deleted by retention; -Infinity where it deleted nothing. */
  readonly keptFromMs: number;
  /** Reads what came meanwhile. */
  read(): Promise<void>;
}

export interface JointFindings {
  readonly problems: readonly string[];
  /** Numbers that are in none of the archives, and may have been in what retention deleted. */
  readonly forgotten: number;
}

/** A number line as one of the archives has it. */
interface Part {
  readonly folder: string;
  readonly line: NumberLine;
}

/**
 * What is wrong across these archives, each of which was read; what is wrong within one of them is not said again. They may be
 * written meanwhile, and what the first was still to get is then known to the last: so what came is read too before numbers are
 * called absent.
 */
export async function auditTogether(archives: readonly AuditedArchive[]): Promise<JointFindings> {
  for (const { shippers } of archives) for (const shipper of shippers.values()) shipper.setMark();
  for (const archive of archives) await archive.read();
  const keptFromMs = Math.max(...archives.map((archive) => archive.keptFromMs));
  const isWhole = archives.every(({ hasLostSegment }) => !hasLostSegment);
  const problems: string[] = [];
  let forgotten = 0;
  for (const [id, epochs] of linesOf(archives))
    for (const parts of epochs.values()) {
      for (const problem of repeats(id, parts)) problems.push(problem);
      for (const absence of isWhole ? absences(id, parts) : [])
        if (keptFromMs > -Infinity && lastBeforeMs(parts, absence) < keptFromMs)
          forgotten += absence.to - absence.from + 1;
        else problems.push(absence.problem);
    }
  return { problems, forgotten };
}

/** Of each shipper and epoch the parts of its number line. */
function linesOf(archives: readonly AuditedArchive[]): Map<string, Map<number, Part[]>> {
  const shippers = new Map<string, Map<number, Part[]>>();
  for (const { folder, shippers: audited } of archives)
    for (const [id, { lines }] of audited) {
      const epochs = shippers.get(id) ?? new Map<number, Part[]>();
      shippers.set(id, epochs);
      for (const [epoch, line] of lines) epochs.set(epoch, [...(epochs.get(epoch) ?? []), { folder, line }]);
    }
  return shippers;
}

/** Numbers that are in two of the archives. */
function* repeats(id: string, parts: readonly Part[]): Generator<string> {
  const held = parts
    .flatMap(({ folder, line }) => rangesOf(line, 'here').map((range) => ({ folder, ...range })))
    .sort((a, b) => a.from - b.from);
  let furthest: (typeof held)[number] | undefined;
  for (const range of held) {
    if (furthest !== undefined && range.from <= furthest.to)
      yield `${id} repeats ${sequences({ from: range.from, to: Math.min(range.to, furthest.to) })}: in ${furthest.folder} and in ${range.folder}`;
    if (furthest === undefined || range.to > furthest.to) furthest = range;
  }
}

interface Absence extends NumberRange {
  readonly problem: string;
}

/** Numbers that are in none. Those that an archive of its own says it misses are known already. */
function* absences(id: string, parts: readonly Part[]): Generator<Absence> {
  const marks = parts.flatMap(({ line }) => line.mark ?? []);
  if (marks.length === 0) return;
  const all = { from: Math.min(...parts.map(({ line }) => line.first)), to: Math.max(...marks) };
  const known = parts.flatMap(({ line }) => [...rangesOf(line, 'here'), ...rangesOf(line, 'missing')]);
  const promised = parts.flatMap(({ line }) => rangesOf(line, 'elsewhere'));
  const absent = without([all], known);
  const unmentioned = without(absent, promised);
  for (const range of without(absent, unmentioned)) {
    const problem = `${sequences(range)} of ${id} are said to be elsewhere, and are in none of these archives`;
    yield { ...range, problem };
  }
  for (const range of unmentioned)
    yield { ...range, problem: `${id} misses ${sequences(range)}: they are in none of these archives` };
}

/** When the last number before these was received. */
function lastBeforeMs(parts: readonly Part[], { from }: NumberRange): number {
  let last = { to: -Infinity, lastAtMs: -Infinity };
  for (const { line } of parts)
    for (const range of line.ranges)
      if (range.fate === 'here' && range.to < from && range.to > last.to) last = range;
  return last.lastAtMs;
}

const rangesOf = ({ ranges }: NumberLine, fate: Fate): NumberRange[] =>
  united(ranges.filter((range) => range.fate === fate));

const sequences = ({ from, to }: NumberRange): string => `sequences ${from} to ${to}`;
