/** The types of values, by their numbers in the binary protocol; the other protocols' are translated to these. */
export const TYPE = {
  STOP: 0,
  BOOL: 2,
  I8: 3,
  DOUBLE: 4,
  I16: 6,
  I32: 8,
  I64: 10,
  STRING: 11,
  STRUCT: 12,
  MAP: 13,
  SET: 14,
  LIST: 15,
  UUID: 16,
} as const;

/** By number, as the IDL writes it; undefined for numbers that stand for nothing. */
export const TYPE_NAMES: readonly (string | undefined)[] = Array.from({ length: 17 }, (_, number) =>
  Object.entries(TYPE)
    .find(([, type]) => type === number && type !== TYPE.STOP)?.[0]
    .toLowerCase(),
);

/** For messages to people: a type a peer wrote may be any number. */
export const typeName = (type: number): string => TYPE_NAMES[type] ?? `type ${type}`;
