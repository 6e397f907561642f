import { ANSWERS, ARGUMENTS, type Change } from './change.ts';
import { compareFields } from './compare_fields.ts';
import { typeMismatch, type Meet } from './compare_types.ts';
import {
  showType,
  type Field,
  type Fields,
  type Method,
  type ServiceDefinition,
  type Type,
} from './schema.ts';

/** What changed in a service of the same name. Names of methods are on the wire. */
export function compareService(old: ServiceDefinition, now: ServiceDefinition, meet: Meet): Change[] {
  const names = [...new Set([...old.methods.keys(), ...now.methods.keys()])];
  return names.flatMap((name) => {
    const [before, after] = [old.methods.get(name), now.methods.get(name)];
    const where = `${now.name}.${name}`;
    if (before === undefined)
      return [
        {
          where,
          what: 'method added',
          hurts: [],
          why: 'old servers answer that they do not know it: renew servers first',
        },
      ];
    if (after === undefined)
      return [
        {
          where,
          what: 'method removed',
          hurts: ['old callers'] as const,
          why: "new servers answer 'unknown method'; a method's name is on the wire, so a new name is a new method",
        },
      ];
    return compareMethod(before, after, where, meet);
  });
}

function compareMethod(old: Method, now: Method, where: string, meet: Meet): Change[] {
  return [
    ...(old.isOneway === now.isOneway ? [] : [onewayChange(now, where)]),
    ...compareFields(old.arguments, now.arguments, {
      owner: where,
      kind: 'argument',
      sides: ARGUMENTS,
      meet,
    }),
    ...returnChange(old.returns, now.returns, where, meet),
    ...compareThrows(old, now, where, meet),
  ];
}

function onewayChange({ isOneway }: Method, where: string): Change {
  return {
    where,
    what: isOneway ? 'is oneway now' : 'is not oneway any more',
    hurts: ['old callers', 'old servers'],
    why: 'one side waits for an answer that never comes, the other takes one for that of its next call',
  };
}

function returnChange(old: Type | undefined, now: Type | undefined, where: string, meet: Meet): Change[] {
  if (old === undefined && now === undefined) return [];
  const what = `returns ${show(old)}, now ${show(now)}`;
  if (old === undefined)
    return [
      { where, what, hurts: ['old servers'], why: "new callers find no result in an old server's answer" },
    ];
  if (now === undefined)
    return [
      { where, what, hurts: ['old callers'], why: "old callers find no result in a new server's answer" },
    ];
  const mismatch = typeMismatch(old, now, ANSWERS, meet);
  return mismatch === undefined ? [] : [{ where, what, ...mismatch }];
}

const show = (type: Type | undefined): string => (type === undefined ? 'void' : showType(type));

/** An exception is a field of the answer. Who does not know it finds an answer with nothing in it. */
function compareThrows(old: Method, now: Method, where: string, meet: Meet): Change[] {
  const owner = `${where} throws`;
  const place = ({ id, name }: Field): string => `${owner}.${id} ${name}`;
  const common = (fields: Fields, others: Fields): Fields =>
    new Map([...fields].filter(([id]) => others.has(id)));
  const only = (fields: Fields, others: Fields): Field[] =>
    [...fields.values()].filter(({ id }) => !others.has(id));
  const context = { owner, kind: 'exception', sides: ANSWERS, meet } as const;
  return [
    ...compareFields(common(old.throws, now.throws), common(now.throws, old.throws), context),
    ...[...old.throws.values()].flatMap((field) => exchanged(field, now, place(field))),
    ...only(now.throws, old.throws).map((field): Change => ({
      where: place(field),
      what: `added, ${showType(field.type)}`,
      hurts: ['old callers'],
      why: `old callers ${NOTHING_IN_IT}`,
    })),
    ...only(old.throws, now.throws).map((field): Change => ({
      where: place(field),
      what: `removed, ${showType(field.type)}`,
      hurts: ['old servers'],
      why: `old servers may throw it still, and new callers ${NOTHING_IN_IT}`,
    })),
  ];
}

const NOTHING_IN_IT =
  'find an answer with nothing in it: an error without its reason, or success where the method is void';

/** Another exception under the same id, while the one that was there is thrown under another: alike or not, one is taken for the other. */
function exchanged(field: Field, now: Method, where: string): Change[] {
  const after = now.throws.get(field.id);
  const [oldName, newName] = [showType(field.type), after === undefined ? undefined : showType(after.type)];
  const isThere = [...now.throws.values()].some(({ type }) => showType(type) === oldName);
  if (newName === undefined || newName === oldName || !isThere) return [];
  return [
    {
      where,
      what: `id reused: ${oldName}, now ${newName}`,
      hurts: ['old callers', 'old servers'],
      why: `callers take ${newName} for ${oldName}: exceptions are told apart by their ids`,
    },
  ];
}
