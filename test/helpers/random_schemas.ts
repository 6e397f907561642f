/** Pairs of structs of which the second is the first, changed at random. */
import fc from 'fast-check';
import type { Pair } from './generated_code.ts';

interface RandomField {
  readonly id: number;
  readonly name: string;
  readonly requiredness: string;
  readonly type: string;
  readonly isSet: boolean;
}

/** Types, and a value of each. */
const TYPES: Readonly<Record<string, unknown>> = {
  ...{ bool: true, i16: 7, i32: 7, i64: 7, double: 7.5, string: 'x' },
  ...{ 'list<i32>': [7], 'list<string>': ['x'], 'set<i32>': [7] },
  ...{ 'map<string, i32>': { x: 7 }, 'map<string, string>': { x: 'y' } },
  ...{ T: { t: 7 }, U: { u: 7 }, V: { v: 'x' } },
};

const STRUCTS = 'struct T { 1: i32 t } struct U { 1: i32 u } struct V { 1: string v }';

const type = fc.constantFrom(...Object.keys(TYPES));
const requiredness = fc.constantFrom('', '', 'optional ', 'optional ', 'required ');
const id = fc.integer({ min: 1, max: 7 });
const field = id.chain((number) =>
  fc.record({
    id: fc.constant(number),
    name: fc.constant(`f${number}`),
    requiredness,
    type,
    isSet: fc.boolean(),
  }),
);
const fields = fc.uniqueArray(field, { selector: ({ id: own }) => own, minLength: 1, maxLength: 5 });

/** What may be done to a list of fields; each takes the place of a field to change, and a field to take from. */
const CHANGES: readonly ((list: RandomField[], at: number, other: RandomField) => RandomField[])[] = [
  (list, at) => list.toSpliced(at, 1),
  (list, _at, other) => [...list, { ...other, name: `new${other.id}` }],
  (list, at) => replaced(list, at, { name: `renamed${at}` }),
  (list, at, { type: another }) => replaced(list, at, { type: another }),
  (list, at, { requiredness: another }) => replaced(list, at, { requiredness: another }),
  (list, at, { id: another }) => replaced(list, at, { id: another }),
  (list, at, { name: another }) => replaced(list, at, { name: another }),
  (list) => list.toReversed(),
];

const replaced = (list: RandomField[], at: number, change: Partial<RandomField>): RandomField[] =>
  list.map((one, index) => (index === at ? { ...one, ...change } : one));

const change = fc.record({ which: fc.nat(CHANGES.length - 1), at: fc.nat(4), other: field });

/** Pairs, and what each side writes. */
export const randomPair: fc.Arbitrary<Pair> = fc
  .tuple(fields, fc.array(change, { minLength: 1, maxLength: 3 }))
  .map(([old, changes]) => {
    const now = changes.reduce<RandomField[]>(
      (list, { which, at, other }) =>
        withoutTwins(CHANGES[which]?.(list, at % Math.max(1, list.length), other) ?? list),
      old,
    );
    return { old: idlOf(old), now: idlOf(now), writes: { old: valuesOf(old), now: valuesOf(now) } };
  });

/** Of fields with one id or name only the first: the compiler wants it so. */
const withoutTwins = (list: RandomField[]): RandomField[] =>
  list.filter(
    (one, index) => !list.slice(0, index).some((before) => before.id === one.id || before.name === one.name),
  );

const idlOf = (list: readonly RandomField[]): string =>
  `${STRUCTS} struct S { ${list.map((one) => `${one.id}: ${one.requiredness}${one.type} ${one.name}`).join(', ')} }`;

const valuesOf = (list: readonly RandomField[]): Record<string, unknown> =>
  Object.fromEntries(
    list
      .filter(({ isSet, requiredness: wanted }) => isSet || wanted === 'required ')
      .map((one) => [one.name, TYPES[one.type]]),
  );
