/**
 * A line that is a JSON object already. It is changed in its text: what no rule touches keeps its bytes, numbers of any
 * length included.
 */
import { AS_IS, splitPath, type Draft, type Edits, type Written } from './draft.ts';
import type { JsonMembers } from './json_members.ts';
import type { Redactor } from './redact.ts';
import { redactedJson } from './redact_json.ts';

export class JsonDraft implements Draft {
  readonly #members: JsonMembers;
  /** True where the line may not go as it is: a line break was in it. */
  readonly #isRewritten: boolean;

  constructor(members: JsonMembers, isRewritten: boolean) {
    this.#members = members;
    this.#isRewritten = isRewritten;
  }

  field(path: string): string | undefined {
    return fieldOf(this.#members, path);
  }

  levelInText(): undefined {
    return undefined;
  }

  edited(edits: Edits): Written {
    const members = this.#members;
    const { drop, redact, tags } = edits;
    const hasSecrets = redact?.mayHold(members.text.toString('utf8')) === true;
    const isReplaced = edits.add.some(([name]) => members.find(name) !== -1);
    const isTagged = tags.length > 0 && members.find('tags') !== -1;
    const isCutInside = drop.some((path) => members.find(path) === -1 && holds(members, path));
    if (hasSecrets || isReplaced || isTagged || isCutInside)
      return { kind: 'text', json: rebuilt(members, edits) };
    const added = membersToAdd(edits, tags.length === 0 ? '' : JSON.stringify(tags));
    if (drop.some((path) => members.find(path) !== -1))
      return { kind: 'text', json: `{${joined([...cutOut(members, drop), added])}}` };
    if (added !== '') {
      const comma = members.count === 0 ? '' : ',';
      return { kind: 'spliced', closeAt: members.closeAt, rest: `${comma}${added}}` };
    }
    return this.#isRewritten ? { kind: 'text', json: members.text.toString('utf8').trim() } : AS_IS;
  }
}

const joined = (parts: readonly string[]): string => parts.filter((part) => part !== '').join(',');

/** Members as they are written, in stretches, but for those of these names. */
function cutOut(members: JsonMembers, names: readonly string[]): string[] {
  const stretches: string[] = [];
  let from = 0;
  for (let index = 0; index <= members.count; index += 1) {
    if (index < members.count && !names.some((name) => members.isNamed(index, name))) continue;
    stretches.push(members.written(from, index));
    from = index + 1;
  }
  return stretches;
}

function fieldOf(members: JsonMembers, path: string): string | undefined {
  const index = members.find(path);
  if (index !== -1) return members.value(index);
  const parts = splitPath(path);
  if (parts === undefined) return undefined;
  const outer = members.find(parts[0]);
  const inside = outer === -1 ? undefined : members.inside(outer);
  return inside === undefined ? undefined : fieldOf(inside, parts[1]);
}

const holds = (members: JsonMembers, path: string): boolean => fieldOf(members, path) !== undefined;

/** A member as text: its name, the same as it is written, and its value. */
interface Member {
  readonly name: string;
  readonly nameJson: string;
  readonly json: string;
}

/** The text of the object after its edits. */
function rebuilt(members: JsonMembers, edits: Edits): string {
  const { drop, redact, add, tags } = edits;
  const kept = without(members, drop);
  const clean = redact === undefined ? kept : kept.map((member) => redacted(member, redact));
  const before = clean.findLast(({ name }) => name === 'tags');
  const replaced = new Set([...add.map(([name]) => name), ...(tags.length > 0 ? ['tags'] : [])]);
  const stays = clean.filter(({ name }) => !replaced.has(name)).map(written);
  const tagsJson = before === undefined ? JSON.stringify(tags) : moreTags(before.json, tags);
  return `{${joined([...stays, membersToAdd(edits, tags.length === 0 ? '' : tagsJson)])}}`;
}

const written = ({ nameJson, json }: Member): string => `${nameJson}:${json}`;

/** The members but for those that are dropped. */
function without(members: JsonMembers, drop: readonly string[]): Member[] {
  const kept: Member[] = [];
  for (let index = 0; index < members.count; index += 1) {
    const name = members.name(index);
    if (drop.includes(name)) continue;
    const inner = drop
      .filter((path) => path.startsWith(`${name}.`))
      .map((path) => path.slice(name.length + 1));
    const inside = inner.length === 0 ? undefined : members.inside(index);
    const isCut = inside !== undefined && inner.some((path) => holds(inside, path));
    const json = isCut ? `{${without(inside, inner).map(written).join(',')}}` : members.json(index);
    kept.push({ name, nameJson: members.nameJson(index), json });
  }
  return kept;
}

function redacted({ name, nameJson, json }: Member, redact: Redactor): Member {
  const clean = redact.text(name);
  return {
    name,
    nameJson: clean === name ? nameJson : JSON.stringify(clean),
    json: redactedJson(name, json, redact),
  };
}

/** The fields and tags to add, as members with commas between them. */
const membersToAdd = ({ addJson }: Edits, tagsJson: string): string =>
  joined([addJson, tagsJson === '' ? '' : `"tags":${tagsJson}`]);

/** The value `tags` had, with these behind what it holds. */
function moreTags(json: string, tags: readonly string[]): string {
  const value: unknown = JSON.parse(json);
  if (!Array.isArray(value)) return `[${[json, ...quoted(tags)].join(',')}]`;
  const fresh = quoted(tags.filter((tag) => !value.includes(tag)));
  const held = json.slice(1, -1).trim();
  return `[${[...(held === '' ? [] : [held]), ...fresh].join(',')}]`;
}

const quoted = (tags: readonly string[]): string[] => tags.map((tag) => JSON.stringify(tag));
