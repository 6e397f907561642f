/** `replay`: which entries of one or several archives are shipped again, and how fast. */
import { createHash } from 'node:crypto';
import type { Logger } from '../base/logger.ts';
import { BlockSearch } from '../query/block_search.ts';
import { parseQuery } from '../query/query.ts';
import { QueryError } from '../query/query_error.ts';
import { searchable } from '../query/reach.ts';
import type { Source } from '../shipper/source.ts';
import { replay, type Choice, type ReplayedArchive } from '../shipper/sources/replay/replay.ts';
import type { QueryFlags } from './query/query_flags.ts';

export interface ReplayFlags extends QueryFlags {
  /** A factor; 0: as fast as can be. */
  readonly speed: string;
}

export interface ReplayPlan {
  /** One for each archive: with the same flags it has the same name, by which the receiver knows how far it was. */
  readonly names: readonly string[];
  readonly source: (log: Logger) => Source;
  /** A part of an archive could not be read; known once the source has ended. */
  readonly isDamaged: boolean;
}

/** The plan for what a command line says. Throws QueryError where it says nothing, and what reading the folders throws. */
export async function planReplay(folders: readonly string[], flags: ReplayFlags): Promise<ReplayPlan> {
  const speed = speedOf(flags);
  const search = new BlockSearch(parseQuery(flags, Date.now()));
  const found = await Promise.all(folders.map((folder) => archiveIn(folder, choiceOf(flags))));
  const archives = found.filter((archive) => archive !== undefined);
  if (archives.length === 0) throw new QueryError(`there is nothing to replay in ${folders.join(', ')}`);
  let isDamaged = false;
  return {
    names: folders.map((folder) => nameOf(folder, choiceOf(flags))).sort(),
    get isDamaged() {
      return isDamaged;
    },
    source(log) {
      const choice = {
        verdict: search.verdict.bind(search),
        lines: (...[header, raw]: Parameters<Choice['lines']>) => search.lines(header, raw, EVERY_LINE),
      };
      return replay({ archives, choice, speed, log, onDamage: () => (isDamaged = true) });
    },
  };
}

const EVERY_LINE = { limit: Infinity, withNumbers: true };

/** An archive as far as it is there now; undefined where it is empty. */
async function archiveIn(folder: string, choice: string): Promise<ReplayedArchive | undefined> {
  const last = (await searchable(folder)).at(-1);
  if (last === undefined) return undefined;
  const end = { segment: last.segment.name, offset: last.end };
  return { folder, end, name: nameOf(folder, choice) };
}

const nameOf = (folder: string, choice: string): string => `replay:${folder}${choice}`;

/** What is chosen, as it was written: another choice is another replay. Nothing for all. */
function choiceOf({
  since,
  until,
  level,
  service,
  tag,
  field,
  grep,
  ignoreCase,
  shipper,
}: ReplayFlags): string {
  const said = JSON.stringify({ since, until, level, service, tag, field, grep, ignoreCase, shipper });
  return said === '{}' ? '' : `#${createHash('sha256').update(said).digest('hex').slice(0, 16)}`;
}

function speedOf({ speed }: ReplayFlags): number {
  const factor = /^\d+(?:\.\d+)?$/.test(speed) ? Number(speed) : NaN;
  if (Number.isFinite(factor)) return factor;
  throw new QueryError(
    `--speed is ${JSON.stringify(speed)}: expected a factor such as 1 (as it was recorded) or 10, or 0 for as fast as can be`,
  );
}
