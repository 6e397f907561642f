/**
 * Values whose meaning is not known, as JSON that says their types:
 *
 *     {"bool":true}   {"i8":1} {"i16":1} {"i32":1} {"i64":9223372036854775807}   {"double":0.5}, {"double":"NaN"}
 *     {"string":"…"}, or where the bytes are no UTF-8 {"binary":"base64"}   {"uuid":"…"}
 *     {"struct":{"1":value,…}} {"list":[value,…]} {"set":[value,…]} {"map":[[key,value],…]}
 *
 * What is in them is in the order in which it came.
 */
import type { Cursor } from './cursor.ts';
import type { JsonLines } from './json_lines.ts';
import { ThriftError } from './thrift_error.ts';
import { TYPE, typeName } from './value_type.ts';

/** Writes the value of a type that the cursor stands in front of, and steps over it. */
export function writeUnknown(cursor: Cursor, type: number, isField: boolean, out: JsonLines): void {
  if (type === TYPE.STRING) return writeString(cursor, out);
  out.ascii(`{"${typeName(type)}":`);
  if (type === TYPE.STRUCT) writeStruct(cursor, out);
  else if (type === TYPE.LIST || type === TYPE.SET) writeList(cursor, out);
  else if (type === TYPE.MAP) writeMap(cursor, out);
  else if (type === TYPE.BOOL) out.ascii(String(cursor.bool(isField)));
  else if (type === TYPE.DOUBLE) out.ascii(doubleText(cursor.double()));
  else if (type === TYPE.UUID) out.ascii(uuidText(cursor));
  else out.integer(cursor.integer(type));
  out.ascii('}');
}

function writeStruct(cursor: Cursor, out: JsonLines): void {
  const { fieldId } = cursor;
  const ids = new Set<number>();
  cursor.fieldId = 0;
  out.ascii('{');
  while (cursor.field() && cursor.type !== TYPE.STOP) {
    const { fieldId: id } = cursor;
    if (ids.has(id)) throw new ThriftError('refused', `a struct has field ${id} twice`);
    out.ascii(ids.size === 0 ? `"${id}":` : `,"${id}":`);
    ids.add(id);
    writeUnknown(cursor, cursor.type, true, out);
  }
  out.ascii('}');
  cursor.fieldId = fieldId;
}

function writeList(cursor: Cursor, out: JsonLines): void {
  cursor.list();
  const { elementType, count } = cursor;
  out.ascii('[');
  for (let n = 0; n < count; n += 1) {
    if (n > 0) out.ascii(',');
    writeUnknown(cursor, elementType, false, out);
  }
  out.ascii(']');
}

function writeMap(cursor: Cursor, out: JsonLines): void {
  cursor.map();
  const { elementType, valueType, count } = cursor;
  out.ascii('[');
  for (let n = 0; n < count; n += 1) {
    out.ascii(n > 0 ? ',[' : '[');
    writeUnknown(cursor, elementType, false, out);
    out.ascii(',');
    writeUnknown(cursor, valueType, false, out);
    out.ascii(']');
  }
  out.ascii(']');
}

function writeString(cursor: Cursor, out: JsonLines): void {
  cursor.string();
  const { bytes, at, length } = cursor;
  const end = at + length;
  out.ascii('{"string":');
  if (out.string(bytes, at, end)) out.ascii('}');
  else {
    out.unwrite('{"string":'.length);
    out.ascii(`{"binary":"${bytes.toString('base64', at, end)}"}`);
  }
  cursor.at = end;
}

/** Steps over a value; what it is in was scanned before. */
export function skipValue(cursor: Cursor, type: number, isField: boolean): void {
  switch (type) {
    case TYPE.STRING:
      cursor.string();
      cursor.at += cursor.length;
      break;
    case TYPE.STRUCT:
      skipStruct(cursor);
      break;
    case TYPE.LIST:
    case TYPE.SET: {
      cursor.list();
      const { elementType, count } = cursor;
      for (let n = 0; n < count; n += 1) skipValue(cursor, elementType, false);
      break;
    }
    case TYPE.MAP: {
      cursor.map();
      const { elementType, valueType, count } = cursor;
      for (let n = 0; n < count; n += 1) {
        skipValue(cursor, elementType, false);
        skipValue(cursor, valueType, false);
      }
      break;
    }
    default: {
      const size = cursor.sizeOf(type, isField);
      if (size > 0) cursor.at += size;
      else if (type !== TYPE.BOOL) cursor.skipVarying();
    }
  }
}

function skipStruct(cursor: Cursor): void {
  const { fieldId } = cursor;
  cursor.fieldId = 0;
  while (cursor.field() && cursor.type !== TYPE.STOP) skipValue(cursor, cursor.type, true);
  cursor.fieldId = fieldId;
}

/** What JSON has no number for is a string. */
const doubleText = (value: number): string =>
  Number.isFinite(value) ? (Object.is(value, -0) ? '-0' : String(value)) : `"${value}"`;

function uuidText(cursor: Cursor): string {
  const { bytes, at } = cursor;
  cursor.at += 16;
  return `"${bytes.toString('hex', at, at + 16).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')}"`;
}
