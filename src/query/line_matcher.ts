/** Whether a line is wanted, all of a query held against it. */
import { EntryTimes } from '../archive/entry_times.ts';
import { linearRegex } from '../base/linear_regex.ts';
import { MEMBERS } from '../outputs/columns.ts';
import { JsonMembers } from '../shipper/processors/json_members.ts';
import { LEVEL_MEMBERS } from '../entry/level_members.ts';
import { globMatcher } from './glob.ts';
import { isLevelWanted } from './level_wish.ts';
import type { FieldWish, Query } from './query.ts';

/** Whether line [start, end) of a block is wanted, without its newline. `receivedAtMs` is the time of one that says none. */
export type LineMatcher = (raw: Buffer, start: number, end: number, receivedAtMs: number) => boolean;

/** An entry's members; undefined for a line that is no JSON. */
type Check = (members: JsonMembers) => boolean;

/** `isTimeKnown`: the block's header has said already that the line is of the time that is wanted. */
export function lineMatcher(query: Query, isTimeKnown: boolean): LineMatcher {
  const checks = checksOf(query);
  const pattern = query.pattern === undefined ? undefined : linearRegex(query.pattern);
  const { sinceMs = -Infinity, untilMs = Infinity } = query;
  const needsTime = !isTimeKnown && (query.sinceMs !== undefined || query.untilMs !== undefined);
  const times = new EntryTimes();
  return (raw, start, end, receivedAtMs) => {
    if (needsTime) {
      const ms = times.timeOf(raw, start, end) ?? receivedAtMs;
      if (ms < sinceMs || ms >= untilMs) return false;
    }
    if (pattern !== undefined && !pattern.test(raw.toString('utf8', start, end))) return false;
    if (checks.length === 0) return true;
    const members = JsonMembers.of(untouched(raw.subarray(start, end)));
    return members !== undefined && checks.every((check) => check(members));
  };
}

function checksOf({ levels, services, tags, fields }: Query): Check[] {
  const checks: Check[] = [];
  if (levels.length > 0)
    checks.push((members) => {
      const level = textAt(members, LEVEL_MEMBERS, LEVEL_START);
      return level !== undefined && levels.some((wish) => isLevelWanted(wish, level));
    });
  if (services.length > 0) {
    const matchers = services.map(globMatcher);
    checks.push((members) => {
      const service = textAt(members, MEMBERS.service, TEXT_START);
      return service !== undefined && matchers.some((matches) => matches(service));
    });
  }
  for (const tag of tags) checks.push(tagCheck(globMatcher(tag)));
  for (const field of fields) checks.push(fieldCheck(field));
  return checks;
}

const TEXT_START = /^"/;
const LEVEL_START = /^["\d]/;

/** The value of the first of these members that is there and begins as it should, as the outputs have it. */
function textAt(members: JsonMembers, names: readonly string[], start: RegExp): string | undefined {
  for (const name of names) {
    const at = members.find(name);
    if (at !== -1 && start.test(members.json(at))) return members.value(at);
  }
  return undefined;
}

/** `"tags": "auth"`, or `["auth", "web"]`. */
function tagCheck(matches: (text: string) => boolean): Check {
  return (members) => {
    const at = members.find('tags');
    if (at === -1) return false;
    const tags: unknown = JSON.parse(members.json(at));
    if (typeof tags === 'string') return matches(tags);
    return Array.isArray(tags) && tags.some((tag) => typeof tag === 'string' && matches(tag));
  };
}

function fieldCheck({ path, value }: FieldWish): Check {
  const matches = globMatcher(value);
  return (members) => {
    const whole = members.find(path.join('.'));
    if (whole !== -1 && matches(members.value(whole))) return true;
    const found = valueAt(members, path);
    return found !== undefined && matches(found);
  };
}

function valueAt(members: JsonMembers, [name = '', ...rest]: readonly string[]): string | undefined {
  const at = members.find(name);
  if (at === -1) return undefined;
  if (rest.length === 0) return members.value(at);
  const inside = members.inside(at);
  return inside === undefined ? undefined : valueAt(inside, rest);
}

/** Looking into JSON makes spaces of its line breaks: what is stored is not to be changed. */
const untouched = (line: Buffer): Buffer => (line.includes(0x0d) ? Buffer.from(line) : line);
