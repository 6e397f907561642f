/** `stats`: what the output of that name has counted. */
import type { Statistics } from '../outputs/statistics.ts';
import { textTable } from './table.ts';

/** Names of a kind that are shown. */
const SHOWN = 20;

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
  for (const kind of ['levels', 'tags', 'services', 'sources'] as const) {
    const counts = Object.entries(statistics[kind]);
    if (counts.length === 0) continue;
    const rows = counts.slice(0, SHOWN).map(([name, count]) => [`  ${printable(name)}`, String(count)]);
    const more = counts.length > SHOWN ? `  and ${counts.length - SHOWN} more\n` : '';
    parts.push(`${kind}\n${textTable(rows)}${more}`);
  }
  return parts.join('\n');
}

const printable = (name: string): string => (/^[\x21-\x7e]+$/.test(name) ? name : JSON.stringify(name));
