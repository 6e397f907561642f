/** Any values of Thrift, and what becomes of them in the archive. */
import fc from 'fast-check';
import { TYPE } from '../../src/thrift/value_type.ts';
import type { Field, Value } from './thrift_messages.ts';

const SCALARS = {
  [TYPE.BOOL]: fc.boolean().map((value): Value => ({ type: TYPE.BOOL, value })),
  [TYPE.I8]: fc.integer({ min: -128, max: 127 }).map((value): Value => ({ type: TYPE.I8, value })),
  [TYPE.I16]: fc.integer({ min: -32_768, max: 32_767 }).map((value): Value => ({ type: TYPE.I16, value })),
  [TYPE.I32]: fc.integer().map((value): Value => ({ type: TYPE.I32, value })),
  [TYPE.I64]: fc
    .oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.bigInt({ min: -1000n, max: 1000n }))
    .map((value): Value => ({ type: TYPE.I64, value })),
  // The library makes a positive zero of a negative one.
  [TYPE.DOUBLE]: fc.double().map((value): Value => ({ type: TYPE.DOUBLE, value: value === 0 ? 0 : value })),
  [TYPE.STRING]: fc
    .oneof(
      fc.string({ unit: 'binary' }),
      fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
    )
    .map((value): Value => ({ type: TYPE.STRING, value })),
} as const;

const scalar = (type: keyof typeof SCALARS): fc.Arbitrary<Value> => SCALARS[type];
const scalarTypes = Object.keys(SCALARS).map(Number) as (keyof typeof SCALARS)[];

/** A value of at most so many levels. JSON has no binary values and no keys that are not scalars: leave them out with `isForJson`. */
export function anyValue(depth: number, isForJson: boolean): fc.Arbitrary<Value> {
  const plain = fc.constantFrom(...scalarTypes).chain(scalar);
  if (depth === 0) return plain.filter((value) => !isForJson || isJsonScalar(value));
  const inner = anyValue(depth - 1, isForJson);
  const elements = inner.chain((first) =>
    fc
      .array(inner, { maxLength: 4 })
      .map((others) => [first, ...others.filter(({ type }) => type === first.type)]),
  );
  const keys = fc
    .constantFrom(TYPE.I32, TYPE.I64, TYPE.STRING)
    .chain((type) => fc.array(scalar(type), { maxLength: 3 }));
  return fc.oneof(
    inner,
    anyFields(inner).map((value): Value => ({ type: TYPE.STRUCT, value })),
    fc.tuple(fc.constantFrom(TYPE.LIST, TYPE.SET), elements).map(([type, value]): Value => ({
      type,
      of: value[0]?.type ?? TYPE.BOOL,
      value,
    })),
    fc.tuple(keys, elements).map(([all, values]): Value => {
      const distinct = [
        ...new Map(
          all.filter((key) => !isForJson || isJsonScalar(key)).map((key) => [textOf(key), key]),
        ).values(),
      ];
      const value = distinct.slice(0, values.length).map((key, n) => [key, values[n] as Value] as const);
      return { type: TYPE.MAP, of: value[0]?.[0].type ?? TYPE.I32, to: values[0]?.type ?? TYPE.I32, value };
    }),
  );
}

/** The library writes numbers as JSON has them, strings with their control characters, and leaves out what it can't. */
const isJsonScalar = ({ type, value }: Value): boolean =>
  type !== TYPE.STRING ||
  (typeof value === 'string' &&
    !/[\ud800-\udfff]/.test(value) &&
    value !== '' &&
    Number.isNaN(Number(value)));

/** Fields in the order of their ids. */
export const anyFields = (value: fc.Arbitrary<Value>, least = 1): fc.Arbitrary<Field[]> =>
  fc
    .uniqueArray(fc.record({ id: fc.integer({ min: least, max: 32_767 }), value }), {
      maxLength: 4,
      selector: ({ id }) => id,
    })
    .map((fields) => fields.toSorted((a, b) => a.id - b.id));

const TYPE_TEXT = new Map<number, string>(
  Object.entries(TYPE).map(([name, type]) => [type, name.toLowerCase()] as const),
);

/** As docs/THRIFT.md has it. */
export function textOf(value: Value): string {
  if (value.type === TYPE.STRING && typeof value.value !== 'string') {
    const text = value.value.toString('utf8');
    return Buffer.from(text).equals(value.value)
      ? `{"string":${JSON.stringify(text)}}`
      : `{"binary":"${value.value.toString('base64')}"}`;
  }
  return `{"${TYPE_TEXT.get(value.type) ?? ''}":${contentOf(value)}}`;
}

function contentOf(value: Value): string {
  switch (value.type) {
    case TYPE.STRUCT:
      return fieldsText(value.value);
    case TYPE.LIST:
    case TYPE.SET:
      return `[${value.value.map(textOf).join(',')}]`;
    case TYPE.MAP:
      return `[${value.value.map(([key, mapped]) => `[${textOf(key)},${textOf(mapped)}]`).join(',')}]`;
    case TYPE.DOUBLE:
      return Number.isFinite(value.value) ? String(value.value) : `"${value.value}"`;
    case TYPE.STRING:
      return JSON.stringify(value.value);
    default:
      return String(value.value);
  }
}

export const fieldsText = (fields: readonly Field[]): string =>
  `{${fields.map(({ id, value }) => `"${id}":${textOf(value)}`).join(',')}}`;
