import { DATA, type Change } from './change.ts';
import { compareService } from './compare_services.ts';
import { typeMismatch } from './compare_types.ts';
import { DefinitionPairs } from './definition_pairs.ts';
import { showType, type Schema } from './schema.ts';

/** Every change from `old` to `now` that the two show. An id that was given up longer ago shows in neither. */
export function compareSchemas(old: Schema, now: Schema): Change[] {
  const pairs = new DefinitionPairs();
  for (const [before, after] of inBoth(old.structs, now.structs)) pairs.structs(before, after);
  for (const [before, after] of inBoth(old.enums, now.enums)) pairs.enums(before, after);
  const ofTypedefs = inBoth(old.typedefs, now.typedefs).flatMap(([before, after, name]) => {
    const mismatch = typeMismatch(before, after, DATA, pairs);
    const what = `type changed, ${showType(before)} to ${showType(after)}`;
    return mismatch === undefined ? [] : [{ where: `typedef ${name}`, what, ...mismatch }];
  });
  const ofServices = inBoth(old.services, now.services).flatMap(([before, after]) =>
    compareService(before, after, pairs),
  );
  return [
    ...pairs.compareAll(),
    ...ofTypedefs,
    ...ofServices,
    ...comeAndGone(old, now, pairs),
    ...constantChanges(old, now),
    ...namespaceChanges(old, now),
  ];
}

type Names<T> = ReadonlyMap<string, T>;

function inBoth<T>(old: Names<T>, now: Names<T>): [old: T, now: T, name: string][] {
  return [...old].flatMap(([name, before]) => {
    const after = now.get(name);
    return after === undefined ? [] : [[before, after, name] as [T, T, string]];
  });
}

/** Definitions that are in one of the two only. What was renamed has been told. */
function comeAndGone(old: Schema, now: Schema, pairs: DefinitionPairs): Change[] {
  const [before, after] = [definitionsOf(old), definitionsOf(now)];
  const tell = (
    names: Names<object>,
    others: Names<object>,
    verdict: Pick<Change, 'what' | 'why'>,
  ): Change[] =>
    [...names]
      .filter(([where, definition]) => !others.has(where) && !pairs.isPartner(definition))
      .map(([where]) => ({ where, hurts: [], ...verdict }));
  return [
    ...tell(after, before, {
      what: 'added',
      why: 'what is there does not use it; where it does now is told by itself',
    }),
    ...tell(before, after, {
      what: 'removed',
      why: 'its name is not on the wire; what used it is told by itself',
    }),
    ...only(now.services, old.services).map((where): Change => ({
      where,
      what: 'added',
      hurts: [],
      why: 'old servers do not know it: renew servers first',
    })),
    ...only(old.services, now.services).map((where): Change => ({
      where,
      what: 'removed',
      hurts: ['old callers'],
      why: 'old callers find none of its methods',
    })),
  ];
}

/** All but services, called by kind and name. */
function definitionsOf({ structs, enums, typedefs, constants }: Schema): Names<object> {
  const called = (kind: string, names: Names<object>): [string, object][] =>
    [...names].map(([name, definition]) => [`${kind} ${name}`, definition]);
  return new Map([
    ...[...structs].map(([name, struct]) => [`${struct.kind} ${name}`, struct] as const),
    ...called('enum', enums),
    ...called('typedef', typedefs),
    ...called('const', constants),
  ]);
}

const only = (names: Names<object>, others: Names<object>): string[] =>
  [...names.keys()].filter((name) => !others.has(name)).map((name) => `service ${name}`);

function constantChanges(old: Schema, now: Schema): Change[] {
  return inBoth(old.constants, now.constants)
    .filter(([before, after]) => before.value !== after.value)
    .map(([before, after, name]) => ({
      where: `const ${name}`,
      what: `value changed, ${before.value} to ${after.value}`,
      hurts: [],
      why: 'constants are not on the wire: old code goes on with the old value',
    }));
}

function namespaceChanges(old: Schema, now: Schema): Change[] {
  return [...new Set([...old.namespaces.keys(), ...now.namespaces.keys()])]
    .filter((scope) => old.namespaces.get(scope) !== now.namespaces.get(scope))
    .map((scope) => ({
      where: `namespace ${scope}`,
      what: `${old.namespaces.get(scope) ?? 'none'} to ${now.namespaces.get(scope) ?? 'none'}`,
      hurts: [],
      why: 'namespaces are not on the wire; code that imports what is generated has to follow',
    }));
}
