import type { Change, Sides } from './change.ts';
import { typeMismatch, type Meet } from './compare_types.ts';
import { showType, type Field, type Fields } from './schema.ts';

/** Fields that are compared: of a struct, of a method's arguments, of what it throws. */
export interface FieldsToCompare {
  /** `LogEvent`, `LogIngestionService.sendLog`. */
  readonly owner: string;
  readonly kind: 'struct' | 'union' | 'exception' | 'argument';
  readonly sides: Sides;
  readonly meet: Meet;
}

type Judgement = Pick<Change, 'what' | 'hurts' | 'why'>;

/** What changed from `old` to `now`, in the order of ids. */
export function compareFields(old: Fields, now: Fields, context: FieldsToCompare): Change[] {
  const ids = [...new Set([...old.keys(), ...now.keys()])].sort((a, b) => a - b);
  const [oldIds, newIds] = [idsByName(old), idsByName(now)];
  return ids.flatMap((id) => {
    const [before, after] = [old.get(id), now.get(id)];
    const found =
      before === undefined
        ? [added(after as Field, oldIds, newIds, context)]
        : after === undefined
          ? [removed(before, newIds, context)]
          : changed(before, after, { oldIds, newIds }, context);
    const name = (after ?? before)?.name ?? '';
    return found
      .filter((judgement) => judgement !== undefined)
      .map((judgement) => ({ where: `${context.owner}.${id} ${name}`, ...judgement }));
  });
}

type Ids = ReadonlyMap<string, number>;

const idsByName = (fields: Fields): Ids => new Map([...fields.values()].map(({ id, name }) => [name, id]));

const shown = ({ requiredness, type }: Field): string =>
  `${requiredness === 'default' ? '' : `${requiredness} `}${showType(type)}`;

/** A field whose name had another id before is told where the id it had is looked at. */
function added(field: Field, oldIds: Ids, newIds: Ids, context: FieldsToCompare): Judgement | undefined {
  const { kind, sides } = context;
  const before = oldIds.get(field.name);
  if (before !== undefined && newIds.get(field.name) !== before && before !== field.id) return undefined;
  const what = `added, ${shown(field)}`;
  if (field.requiredness === 'required')
    return { what, hurts: [sides.new], why: 'what was written before lacks it, and is refused for that' };
  const note = field.type.kind === 'base' && field.type.name === 'binary' ? PYTHON_NOTE : '';
  return { what, hurts: [], why: `${ADDED[kind]}${note}` };
}

const ADDED = {
  struct: 'old readers skip it; new readers find it absent in old data',
  exception: 'old readers skip it; new readers find it absent in old data',
  union: 'old readers find nothing set where it is: write it once they are new',
  argument: 'old servers skip it; new servers find it absent in old calls',
} as const;

/** Thrift 0.17 to 0.24: TProtocol.skip reads binary as a str. */
const PYTHON_NOTE = '. Old readers in Python fail at bytes that are not UTF-8';

function removed(field: Field, newIds: Ids, { kind, sides }: FieldsToCompare): Judgement {
  const moved = newIds.get(field.name);
  if (moved !== undefined)
    return {
      what: `its id is now ${moved}`,
      hurts: [sides.old, sides.new],
      why: `ids are what is on the wire: each side skips the other's ${field.name}`,
    };
  const what = `removed, ${shown(field)}`;
  if (field.requiredness === 'required')
    return { what, hurts: [sides.old], why: 'what is written now lacks it, and is refused for that' };
  return { what, hurts: [], why: `${REMOVED[kind]}. Never use the id ${field.id} again` };
}

const REMOVED = {
  struct: 'new readers skip it; old readers find it absent in new data',
  exception: 'new readers skip it; old readers find it absent in new data',
  union: 'new readers find nothing set where it is',
  argument: 'new servers skip it; old servers find it absent in new calls',
} as const;

function changed(
  before: Field,
  after: Field,
  { oldIds, newIds }: { readonly oldIds: Ids; readonly newIds: Ids },
  { sides, meet }: FieldsToCompare,
): (Judgement | undefined)[] {
  const mismatch = typeMismatch(before.type, after.type, sides, meet);
  const isRenamed = before.name !== after.name;
  const types = `${showType(before.type)} to ${showType(after.type)}`;
  if (mismatch !== undefined && isRenamed)
    return [{ what: `id reused: was ${before.name}, ${types}`, ...mismatch }];
  return [
    mismatch === undefined ? undefined : { what: `type changed, ${types}`, ...mismatch },
    isRenamed ? renamed(before, after, oldIds, newIds, sides) : undefined,
    requirednessChange(before, after, sides),
    presetChange(before, after),
  ];
}

function renamed(before: Field, after: Field, oldIds: Ids, newIds: Ids, sides: Sides): Judgement {
  const what = `renamed, was ${before.name}`;
  if (!newIds.has(before.name) && !oldIds.has(after.name))
    return { what, hurts: [], why: 'names are not on the wire; code that uses it has to follow' };
  return {
    what: `id reused: was ${before.name}`,
    hurts: [sides.old, sides.new],
    why: `each side takes the other's ${before.name} for ${after.name}: fields keep their ids`,
  };
}

function requirednessChange(before: Field, after: Field, sides: Sides): Judgement | undefined {
  if (before.requiredness === after.requiredness) return undefined;
  const what = `${before.requiredness} to ${after.requiredness}`;
  if (after.requiredness === 'required')
    return { what, hurts: [sides.new], why: 'what was written without it before is refused' };
  if (before.requiredness === 'required')
    return { what, hurts: [sides.old], why: 'what is written without it now is refused' };
  return { what, hurts: [], why: 'readers of both kinds take it or leave it' };
}

function presetChange(before: Field, after: Field): Judgement | undefined {
  if (before.value === after.value) return undefined;
  return {
    what: `default ${before.value ?? 'none'} to ${after.value ?? 'none'}`,
    hurts: [],
    why: 'defaults are not on the wire: where the field is absent each side takes its own',
  };
}
