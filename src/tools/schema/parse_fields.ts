import { IdlError, type Place } from './idl_error.ts';
import { parseType, parseValue } from './parse_type.ts';
import type { FieldSyntax } from './syntax.ts';
import type { TokenReader } from './token_reader.ts';

/** On the wire an id has 16 bits. */
const MAX_ID = 0x7fff;

/** The fields between two marks. Throws IdlError where an id or a name is there twice. */
export function parseFields(reader: TokenReader, open: string, close: string): FieldSyntax[] {
  const ids = new Set<number>();
  const names = new Set<string>();
  let nextUnnamed = -1;
  return reader.between(open, close, () => {
    const field = parseField(reader, () => nextUnnamed--);
    if (ids.has(field.id)) throw new IdlError(`the id ${field.id} is there twice`, field.place);
    if (names.has(field.name)) throw new IdlError(`the name ${field.name} is there twice`, field.place);
    ids.add(field.id);
    names.add(field.name);
    return field;
  });
}

function parseField(reader: TokenReader, unnamedId: () => number): FieldSyntax {
  const { place } = reader;
  const id = parseId(reader, place, unnamedId);
  const requiredness = reader.accept('required')
    ? 'required'
    : reader.accept('optional')
      ? 'optional'
      : 'default';
  const type = parseType(reader);
  reader.accept('&');
  const name = reader.expectName('the name of a field');
  const value = reader.accept('=') ? parseValue(reader) : undefined;
  skipXsd(reader);
  reader.skipAnnotations();
  reader.acceptSeparator();
  return { id, name, requiredness, type, ...(value === undefined ? {} : { value }), place };
}

/** The compiler warns of ids that are not above 0, and takes one of its own. */
function parseId(reader: TokenReader, place: Place, unnamedId: () => number): number {
  if (reader.next.kind !== 'number') return unnamedId();
  const id = reader.expectInteger("a field's id");
  reader.expect(':');
  if (id > MAX_ID) throw new IdlError(`the id ${id} is above ${MAX_ID}`, place);
  return id > 0 ? id : unnamedId();
}

/** Options for XML schemas, which the compiler still takes. */
function skipXsd(reader: TokenReader): void {
  reader.accept('xsd_optional');
  reader.accept('xsd_nillable');
  if (reader.accept('xsd_attrs')) reader.nested(() => parseFields(reader, '{', '}'));
}
