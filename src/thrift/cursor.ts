/**
 * Walks over the bytes of a struct, in the binary or the compact protocol. It knows how values are written and nothing of
 * where one stands in a struct: who walks keeps `fieldId` when a struct begins in a struct, and puts it back at its end.
 *
 * A header that is not whole before `end` reads as false, and `at` stays in front of it; one that can't be right throws
 * ThriftError `bad_message`.
 */
export interface Cursor {
  /** Reads from `bytes` up to `end`, beginning at `at`. */
  bytes: Buffer;
  at: number;
  end: number;
  /** Of the last field header: one of TYPE; STOP at the end of a struct. */
  type: number;
  /** Of the last field header; 0 at the beginning of a struct. */
  fieldId: number;
  /** Of the last container header: types of the elements, or of a map's keys and values, and how many. */
  elementType: number;
  valueType: number;
  count: number;
  /** Of the last string header: its bytes, which follow. */
  length: number;

  field(): boolean;
  string(): boolean;
  /** Of a list or a set. */
  list(): boolean;
  map(): boolean;
  /** Bytes of a value of this type, where all take as many; else 0. In a field of the compact protocol a bool takes none. */
  sizeOf(type: number, isField: boolean): number;
  /** Steps over a value of a type whose size varies, and that is no string, container or struct. */
  skipVarying(): boolean;

  /** These read a value that is known to be whole. */
  bool(isField: boolean): boolean;
  /** An i8, i16, i32 or i64: a number where that is exact. */
  integer(type: number): number | bigint;
  double(): number;
}

/** 2^32 */
const WORD = 4_294_967_296;

/** A signed 64-bit integer of two halves: a number where that is exact. */
export function exactInteger(high: number, low: number): number | bigint {
  const value = high * WORD + low;
  return Number.isSafeInteger(value) ? value : (BigInt(high) << 32n) | BigInt(low);
}
