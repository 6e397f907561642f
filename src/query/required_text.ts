/**
 * What must stand in a text for a regular expression to match: found in a block at once, it says which of its lines are worth a
 * look. Only what is plain in the expression is used; where that is nothing every line is looked at.
 */

export interface RequiredText {
  /** One of these stands in every text that matches. */
  readonly pieces: readonly string[];
  /** Capitals and small letters are the same. */
  readonly isCaseless: boolean;
  /** The expression says no more than this: where a piece stands it matches. */
  readonly isAll: boolean;
}

const CASELESS = '(?i)';

/** Groups without a name, and with one. Any other `(?` changes what is behind it. */
const PLAIN_GROUP = /\(\?(?::|P?<\w+>)/g;

/** A brace that begins no repeat is a letter as any other. */
const REPEAT = /^\{\d+(?:,\d*)?\}/;

const CLASS_ESCAPE = /^[dDwWsSbB]$/;

/** Letters whose capitals are other bytes: no search of bytes finds both. */
const OUTSIDE_OF_ASCII = /[^\0-\x7f]/;

/** What every match of this expression (RE2) has in it, or undefined where that is not plain. */
export function requiredText(pattern: string): RequiredText | undefined {
  const isCaseless = pattern.startsWith(CASELESS);
  const body = isCaseless ? pattern.slice(CASELESS.length) : pattern;
  if (isCaseless && OUTSIDE_OF_ASCII.test(body)) return undefined;
  const literals = alternatives(body);
  if (literals !== undefined) return { pieces: literals, isCaseless, isAll: true };
  const run = longestRun(body);
  return run === undefined ? undefined : { pieces: [run], isCaseless, isAll: false };
}

/** The texts between the `|` of an expression that is nothing but texts. */
function alternatives(body: string): string[] | undefined {
  const pieces = [''];
  for (let at = 0; at < body.length; at += 1) {
    let letter = body[at] ?? '';
    if (letter === '|') {
      pieces.push('');
      continue;
    }
    if (letter === '\\') {
      at += 1;
      letter = body[at] ?? '';
      if (!isPunctuation(letter)) return undefined;
    } else if ('^$.*+?()[]{}'.includes(letter)) return undefined;
    pieces.push(`${pieces.pop() ?? ''}${letter}`);
  }
  return pieces.includes('') ? undefined : pieces;
}

/** The longest text that stands outside of groups and classes and has to be there. */
function longestRun(body: string): string | undefined {
  if (body.replace(PLAIN_GROUP, '(').includes('(?')) return undefined;
  const runs = [''];
  let depth = 0;
  for (let at = 0; at < body.length; at += 1) {
    const letter = body[at] ?? '';
    if (letter === '\\') {
      at += 1;
      const escaped = body[at] ?? '';
      if (isPunctuation(escaped)) addTo(runs, depth, escaped);
      else if (CLASS_ESCAPE.test(escaped)) runs.push('');
      else return undefined;
    } else if (letter === '[') {
      const end = classEnd(body, at);
      if (end === undefined) return undefined;
      at = end;
      runs.push('');
    } else if (letter === '(' || letter === ')') {
      depth += letter === '(' ? 1 : -1;
      runs.push('');
    } else if (letter === '|' && depth === 0) return undefined;
    else if ('*?{'.includes(letter)) {
      runs.push(withoutLast(runs.pop() ?? ''), '');
      at += (REPEAT.exec(body.slice(at))?.[0].length ?? 1) - 1;
    } else if ('+.^$|'.includes(letter)) runs.push('');
    else addTo(runs, depth, letter);
  }
  const longest = runs.reduce((best, run) => (run.length > best.length ? run : best));
  return longest.length < 2 ? undefined : longest;
}

function addTo(runs: string[], depth: number, letter: string): void {
  if (depth === 0) runs.push(`${runs.pop() ?? ''}${letter}`);
}

/** Where a class ends that begins at `start`; undefined where it takes more than a look to say. */
function classEnd(body: string, start: number): number | undefined {
  const match = /^\[(?!\^?\])\^?[^\]\\[](?:[^\]\\[]|\\[^pPQx])*\]/.exec(body.slice(start));
  return match === null ? undefined : start + match[0].length - 1;
}

const withoutLast = (run: string): string => run.replace(/.$/su, '');

const isPunctuation = (letter: string): boolean => /^[!-/:-@[-`{-~]$/.test(letter);
