import { BASE_TYPES, type TypeSyntax, type ValueSyntax } from './syntax.ts';
import type { TokenReader } from './token_reader.ts';

/** A type as it stands before a name. Throws IdlError. */
export function parseType(reader: TokenReader): TypeSyntax {
  const type = reader.nested(() => parseBareType(reader));
  reader.skipAnnotations();
  return type;
}

function parseBareType(reader: TokenReader): TypeSyntax {
  const { kind, text, place } = reader.next;
  if (kind !== 'word') throw reader.unexpected('a type');
  for (const name of BASE_TYPES) if (reader.accept(name)) return { kind: 'base', name };
  if (text === 'list' || text === 'set') {
    reader.take();
    skipCppType(reader);
    reader.expect('<');
    const element = parseType(reader);
    reader.expect('>');
    if (text === 'list') skipCppType(reader);
    return { kind: text, element };
  }
  if (!reader.accept('map')) return { kind: 'named', name: reader.expectName('a type'), place };
  skipCppType(reader);
  reader.expect('<');
  const key = parseType(reader);
  reader.expect(',');
  const value = parseType(reader);
  reader.expect('>');
  return { kind: 'map', key, value };
}

function skipCppType(reader: TokenReader): void {
  if (reader.accept('cpp_type')) reader.expectString('a C++ type in quotes');
}

/** The value of a constant or a default. Throws IdlError. */
export function parseValue(reader: TokenReader): ValueSyntax {
  return reader.nested(() => {
    const { kind, place } = reader.next;
    if (reader.isNext('[')) {
      const items = reader.between('[', ']', () => withSeparator(reader, () => parseValue(reader)));
      return { kind: 'list', items, place };
    }
    if (reader.isNext('{')) {
      const items = reader.between('{', '}', () => withSeparator(reader, () => parsePair(reader)));
      return { kind: 'map', items, place };
    }
    if (kind === 'number' || kind === 'string') return { kind, text: reader.take().text, place };
    return { kind: 'name', text: reader.expectName('a value'), place };
  });
}

function parsePair(reader: TokenReader): readonly [ValueSyntax, ValueSyntax] {
  const key = parseValue(reader);
  reader.expect(':');
  return [key, parseValue(reader)];
}

function withSeparator<T>(reader: TokenReader, read: () => T): T {
  const found = read();
  reader.acceptSeparator();
  return found;
}
