/**
 * Which entries are dropped. Rules on the line are asked first, before anything is parsed. Rules on a field, the level's
 * among them, say nothing of a line that did not parse: it has no fields, and stays.
 */
import { LEVEL_MEMBERS } from '../../entry/level_members.ts';
import type { Draft } from './draft.ts';
import { leastLevel, levelNumber } from './level.ts';
import type { Match, ProcessorRules } from './rules.ts';

/** Each gives the name of the rule that drops it, or undefined where it stays. */
export interface Filter {
  readonly ofLine?: (text: string) => string | undefined;
  readonly ofEntry?: (text: string, draft: Draft) => string | undefined;
}

type FilterRules = Pick<ProcessorRules, 'include' | 'exclude' | 'minLevel'>;

/** An entry is dropped where any of `exclude` matches, where none of `include` does (and there are some), or its level is known and below the least. */
export function filterOf({ include, exclude, minLevel }: FilterRules): Filter {
  const least = leastLevel(minLevel);
  const lineExcludes = exclude.filter(({ field }) => field === undefined);
  const fieldExcludes = exclude.filter(({ field }) => field !== undefined);
  const includesByField = include.some(({ field }) => field !== undefined);
  const includesByLine = include.length > 0 && !includesByField;
  const ofLine = (text: string): string | undefined => {
    const rule = lineExcludes.find(({ regex }) => regex.test(text));
    if (rule !== undefined) return nameOf(rule);
    return includesByLine && !include.some(({ regex }) => regex.test(text)) ? 'include' : undefined;
  };
  const ofEntry = (text: string, draft: Draft): string | undefined => {
    if (draft.error !== undefined) return undefined;
    const rule = fieldExcludes.find((one) => isMatch(one, text, draft));
    if (rule !== undefined) return nameOf(rule);
    if (least !== undefined && (levelOf(draft) ?? least) < least) return 'min_level';
    return includesByField && !include.some((one) => isMatch(one, text, draft)) ? 'include' : undefined;
  };
  return {
    ...(lineExcludes.length > 0 || includesByLine ? { ofLine } : {}),
    ...(fieldExcludes.length > 0 || includesByField || least !== undefined ? { ofEntry } : {}),
  };
}

/** True where the pattern is in the field, or in the line where no field is named. */
export function isMatch({ regex, field }: Match, text: string, draft: Draft): boolean {
  if (field === undefined) return regex.test(text);
  const value = draft.field(field);
  return value !== undefined && regex.test(value);
}

/** As it would be written on the command line. */
const nameOf = ({ regex, field }: Match): string =>
  `exclude ${field === undefined ? '' : `${field}=~`}${regex.source}`;

function levelOf(draft: Draft): number | undefined {
  for (const name of LEVEL_MEMBERS) {
    const text = draft.field(name);
    if (text !== undefined) return levelNumber(text);
  }
  return draft.levelInText();
}
