/** `stats`: what the output of that name has counted. */
import { readStatistics, type Statistics } from '../outputs/statistics.ts';
import { textTable } from './table.ts';

/** Names of a kind that are shown. */
const SHOWN = 20;

const KINDS = ['levels', 'tags', 'services', 'sources'] as const;

/** The statistics of these archives, added up, their rates as of `nowMs`. Throws where nobody keeps any of one of them. */
export async function statisticsOf(folders: readonly string[], nowMs: number): Promise<Statistics> {
  const all: Statistics[] = [];
  for (const folder of folders) {
    const statistics = await readStatistics(folder, nowMs);
    if (statistics === undefined)
      throw new Error(
        `there are no statistics of ${folder}: they are kept with OUTPUTS=stats, or by follow --output stats`,
      );
    all.push(statistics);
  }
  return all.reduce(added);
}

function added(a: Statistics, b: Statistics): Statistics {
  const rate = (span: keyof Statistics['logsPerSecond']): number =>
    a.logsPerSecond[span] + b.logsPerSecond[span];
  return {
    total: a.total + b.total,
    parseErrors: a.parseErrors + b.parseErrors,
    levels: addedCounts(a.levels, b.levels),
    tags: addedCounts(a.tags, b.tags),
    services: addedCounts(a.services, b.services),
    sources: addedCounts(a.sources, b.sources),
    logsPerSecond: { '1s': rate('1s'), '10s': rate('10s'), '1m': rate('1m') },
    asOf: a.asOf < b.asOf ? a.asOf : b.asOf,
  };
}

type Counts = Statistics['levels'];

/** The most frequent first. */
function addedCounts(a: Counts, b: Counts): Counts {
  const sums = new Map(Object.entries(a));
  for (const [name, count] of Object.entries(b)) sums.set(name, (sums.get(name) ?? 0) + count);
  return Object.fromEntries([...sums].toSorted(([, one], [, other]) => other - one));
}

/** The statistics for people. Names are whatever a peer likes: they are shown as JSON where they need it. */
export function statisticsTable(statistics: Statistics): string {
  const { total, parseErrors, logsPerSecond, asOf } = statistics;
  const parts = [
    textTable([
      ['entries', String(total)],
      ['parse errors', String(parseErrors)],
      ['logs/sec in 1 s', String(logsPerSecond['1s'])],
      ['logs/sec in 10 s', String(logsPerSecond['10s'])],
      ['logs/sec in 1 min', String(logsPerSecond['1m'])],
      ['as of', asOf],
    ]),
  ];
  for (const kind of KINDS) {
    const counts = Object.entries(statistics[kind]);
    if (counts.length === 0) continue;
    const rows = counts.slice(0, SHOWN).map(([name, count]) => [`  ${printable(name)}`, String(count)]);
    const more = counts.length > SHOWN ? `  and ${counts.length - SHOWN} more\n` : '';
    parts.push(`${kind}\n${textTable(rows)}${more}`);
  }
  return parts.join('\n');
}

const printable = (name: string): string => (/^[\x21-\x7e]+$/.test(name) ? name : JSON.stringify(name));
