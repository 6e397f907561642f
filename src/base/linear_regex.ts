/**
 * Regular expressions that users write, in time linear in the text: no pattern and no text makes them hang. The syntax is
 * RE2's: neither back-references nor look-around. docs/PROCESSING.md says why this engine.
 */
import { createRequire } from 'node:module';
import type { RE2JS } from 're2js';

export interface LinearRegex {
  /** As it was written. */
  readonly source: string;
  /** True where it matches anywhere in the text. */
  test(text: string): boolean;
  /** The named groups of its first match, in the order of the pattern, those that took part; undefined where nothing matches. */
  groups(text: string): [name: string, value: string][] | undefined;
  /** The text with every match replaced. */
  replaceAll(text: string, replacement: string): string;
}

/** Text with nothing in it that repeats or refers: V8's own engine has nothing to go back to, and is faster. */
const LITERALS =
  /^(?:[^\\^$.*+?()[\]{}|]|\\[-./:"'|+*?()[\]{}$^\\])+(?:\|(?:[^\\^$.*+?()[\]{}|]|\\[-./:"'|+*?()[\]{}$^\\])+)*$/;

/** Compiles a pattern. Throws Error with what is wrong with it. */
export function linearRegex(source: string): LinearRegex {
  if (source === '') throw new Error('expected a regular expression, and it is empty');
  return LITERALS.test(source) ? literals(source) : compiled(source);
}

/** The names of a pattern's groups, in its order. */
export function groupNames(source: string): string[] {
  const names = Object.entries(compile(source).namedGroups());
  return names.sort(([, one], [, other]) => one - other).map(([name]) => name);
}

function literals(source: string): LinearRegex {
  const regex = new RegExp(source);
  return {
    source,
    test: (text) => regex.test(text),
    groups: (text) => (regex.test(text) ? [] : undefined),
    replaceAll: (text, replacement) => text.replaceAll(new RegExp(source, 'g'), () => replacement),
  };
}

function compiled(source: string): LinearRegex {
  const regex = compile(source);
  const names = groupNames(source);
  return {
    source,
    test: (text) => regex.test(text),
    groups(text) {
      const matcher = regex.matcher(text);
      if (!matcher.find()) return undefined;
      return names.flatMap((name): [string, string][] => {
        const value = matcher.group(name);
        return value === null ? [] : [[name, value]];
      });
    },
    replaceAll: (text, replacement) => regex.matcher(text).replaceAll(() => replacement),
  };
}

function compile(source: string): RE2JS {
  try {
    return engine().compile(source);
  } catch (error) {
    throw new Error(`expected a regular expression of RE2 (${(error as Error).message})`, { cause: error });
  }
}

/** Loaded when the first pattern needs it: it takes 20 ms, and most starts have none. */
function engine(): typeof RE2JS {
  const load = createRequire(import.meta.url);
  return (load('re2js') as { RE2JS: typeof RE2JS }).RE2JS;
}
