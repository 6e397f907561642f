/** Bytes that must stand in a line for it to be wanted, by what a query says of lines. */
import { LEVEL_MEMBERS } from '../entry/level_members.ts';
import { namesOf } from './level_wish.ts';
import type { Query } from './query.ts';
import { requiredText } from './required_text.ts';

export interface Signs {
  /** One of these stands in the line: regular expressions over its bytes, each byte taken for the letter of that number. */
  readonly sources: readonly string[];
  readonly isCaseless: boolean;
  /** Set where it is this and nothing else. */
  readonly text?: string;
  /** A line with one of them in it is wanted: there is no more to the query. */
  readonly isAll: boolean;
}

/** A level may be a number, whatever its name was in the query. */
const LEVEL_IS_NUMBER = `"(?:${LEVEL_MEMBERS.join('|').replaceAll('.', '\\.')})"\\s*:\\s*"?\\d`;

/** How JSON may write any letter: where a text is looked for that was parsed, such a line is worth a look. */
const ESCAPED = '\\\\u';

/** What is written in one way only in JSON, if not as `\u`. */
const PLAIN_RUN = /[A-Za-z0-9 _.:,;@+=-]+/g;

/** The signs of what narrows the search most; undefined where any line may be wanted. */
export function signsOf(query: Query): Signs | undefined {
  return ofPattern(query) ?? ofTexts(query) ?? ofLevels(query);
}

function ofPattern({ pattern, levels, services, tags, fields }: Query): Signs | undefined {
  const required = pattern === undefined ? undefined : requiredText(pattern);
  if (required === undefined) return undefined;
  const { pieces, isCaseless, isAll } = required;
  const [only] = pieces;
  return {
    sources: pieces.map((piece) => bytesOf(piece, isCaseless)),
    isCaseless,
    ...(only === undefined || pieces.length > 1 || isCaseless ? {} : { text: only }),
    isAll: isAll && levels.length + services.length + tags.length + fields.length === 0,
  };
}

/** All of the tags and fields must be there, so one of them will do; of the services any may be. */
function ofTexts({ services, tags, fields }: Query): Signs | undefined {
  const one = longestRun([...fields.map(({ value }) => value), ...tags].map(plainRun));
  const runs = one === '' ? services.map(plainRun) : [one];
  if (runs.length === 0 || runs.includes('')) return undefined;
  return { sources: [...runs.map((run) => bytesOf(run, false)), ESCAPED], isCaseless: false, isAll: false };
}

function ofLevels({ levels }: Query): Signs | undefined {
  const names = levels.flatMap(namesOf);
  if (names.length === 0 || names.some((name) => plainRun(name) !== name)) return undefined;
  const sources = [...names.map((name) => bytesOf(name, true)), LEVEL_IS_NUMBER, ESCAPED];
  return { sources, isCaseless: true, isAll: false };
}

/** The longest piece of what is looked for that is written in one way only; empty where there is none. */
const plainRun = (text: string): string => longestRun(text.match(PLAIN_RUN) ?? []);

const longestRun = (runs: readonly string[]): string =>
  runs.reduce((best, run) => (run.length > best.length ? run : best), '');

/** Letters outside of ASCII that are taken for these where case does not matter, as UTF-8. */
const FOLDED: Readonly<Record<string, string>> = { k: '(?:k|\xe2\x84\xaa)', s: '(?:s|\xc5\xbf)' };

/** A text as an expression over its bytes in UTF-8. */
function bytesOf(text: string, isCaseless: boolean): string {
  const bytes = Buffer.from(text).toString('latin1');
  const escaped = bytes.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
  return isCaseless ? escaped.replace(/[ks]/gi, (letter) => FOLDED[letter.toLowerCase()] ?? letter) : escaped;
}
