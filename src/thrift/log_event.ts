/**
 * LogEvent (thrift/log_event.thrift) to a line of the archive, without anything built on the way:
 *
 *     {"timestamp":…,"service":"…","host":"…","message":"…","level":"…","_unknown":{"6":{"i32":1},…}}
 *
 * A field that is not there is not in the line either.
 */
import type { Cursor } from './cursor.ts';
import type { JsonLines } from './json_lines.ts';
import { ThriftError } from './thrift_error.ts';
import { skipValue, writeUnknown } from './unknown_value.ts';
import { TYPE, typeName } from './value_type.ts';

interface KnownField {
  readonly name: string;
  readonly type: number;
  /** In front of the value, where it is the first of the line and where it is not. */
  readonly members: readonly [first: string, later: string];
}

const known = (name: string, type: number, member: string): KnownField => ({
  name,
  type,
  members: [`{"${member}":`, `,"${member}":`],
});

/** By id. */
const FIELDS: readonly (KnownField | undefined)[] = [
  undefined,
  known('timestamp', TYPE.I64, 'timestamp'),
  known('service_name', TYPE.STRING, 'service'),
  known('host', TYPE.STRING, 'host'),
  known('message', TYPE.STRING, 'message'),
  known('log_level', TYPE.STRING, 'level'),
];

/** A field that stays by its id. */
interface UnknownField {
  readonly id: number;
  readonly type: number;
  readonly at: number;
  /** A bool of the compact protocol is in its header. */
  readonly isTrue: boolean;
}

/** Reads events one after the other. */
export class LogEventReader {
  readonly #maxEntryBytes: number;
  /** Of each known field: where its value begins, or -1 where it has not come. */
  readonly #places = FIELDS.map(() => -1);
  #unknown: UnknownField[] = [];

  /** A line that would be longer, without its newline, is refused. */
  constructor(maxEntryBytes: number) {
    this.#maxEntryBytes = maxEntryBytes;
  }

  /**
   * Reads the struct that the cursor stands in front of, and adds its line. Throws ThriftError `refused`, which says what is
   * wrong with which field; what was added by then is to be cleared.
   */
  read(cursor: Cursor, out: JsonLines): void {
    const start = out.length;
    this.#meet(cursor);
    const end = cursor.at;
    const { fieldId } = cursor;
    this.#write(cursor, out);
    cursor.at = end;
    cursor.fieldId = fieldId;
    const bytes = out.length - start;
    if (bytes > this.#maxEntryBytes)
      throw refused(
        `it takes ${bytes} bytes as JSON: at most ${this.#maxEntryBytes} are taken (MAX_ENTRY_BYTES)`,
      );
    out.ascii('\n');
  }

  /** Finds the places of all fields. */
  #meet(cursor: Cursor): void {
    const { fieldId: outer } = cursor;
    const places = this.#places;
    places.fill(-1);
    if (this.#unknown.length > 0) this.#unknown = [];
    cursor.fieldId = 0;
    while (cursor.field() && cursor.type !== TYPE.STOP) {
      const { fieldId: id, type } = cursor;
      const field = id > 0 ? FIELDS[id] : undefined;
      if (field === undefined) this.#meetUnknown(cursor);
      else {
        if (type !== field.type) throw wrongType(id, field, type);
        if (places[id] !== -1) throw refused(`field ${id} (${field.name}) comes twice`);
        places[id] = cursor.at;
        skipValue(cursor, type, true);
      }
    }
    cursor.fieldId = outer;
  }

  #meetUnknown(cursor: Cursor): void {
    const { fieldId: id, type, at } = cursor;
    const isBool = type === TYPE.BOOL;
    this.#unknown.push({ id, type, at, isTrue: isBool && cursor.bool(true) });
    if (!isBool) skipValue(cursor, type, true);
  }

  #write(cursor: Cursor, out: JsonLines): void {
    let isFirst = true;
    for (let id = 1; id < FIELDS.length; id += 1) {
      const at = this.#places[id] ?? -1;
      const field = FIELDS[id];
      if (at === -1 || field === undefined) continue;
      out.ascii(field.members[isFirst ? 0 : 1]);
      isFirst = false;
      cursor.at = at;
      if (field.type === TYPE.I64) out.integer(cursor.integer(TYPE.I64));
      else writeText(cursor, id, field, out);
    }
    if (isFirst) throw refused('it has none of the fields 1 (timestamp) to 5 (log_level)');
    if (this.#unknown.length > 0) this.#writeUnknown(cursor, out);
    out.ascii('}');
  }

  /** In the order of their ids. */
  #writeUnknown(cursor: Cursor, out: JsonLines): void {
    let before: number | undefined;
    out.ascii(',"_unknown":{');
    for (const { id, type, at, isTrue } of this.#unknown.sort((a, b) => a.id - b.id)) {
      if (id === before) throw refused(`field ${id} comes twice`);
      out.ascii(before === undefined ? `"${id}":` : `,"${id}":`);
      before = id;
      cursor.at = at;
      if (type === TYPE.BOOL) out.ascii(`{"bool":${isTrue}}`);
      else writeUnknown(cursor, type, true, out);
    }
    out.ascii('}');
  }
}

function writeText(cursor: Cursor, id: number, { name }: KnownField, out: JsonLines): void {
  cursor.string();
  const { bytes, at, length } = cursor;
  if (!out.string(bytes, at, at + length)) throw refused(`field ${id} (${name}) is not UTF-8`);
}

const wrongType = (id: number, { name, type }: KnownField, seen: number): ThriftError =>
  refused(`field ${id} (${name}) is ${withArticle(seen)}, and ${withArticle(type)} was expected`);

/** `an i64`, `a string` */
function withArticle(type: number): string {
  const name = typeName(type);
  return `${name.startsWith('i') ? 'an' : 'a'} ${name}`;
}

const refused = (what: string): ThriftError => new ThriftError('refused', `a LogEvent is refused: ${what}`);
