/**
 * Reads Thrift's IDL by the grammar of Apache Thrift 0.17 (thrifty.yy): https://thrift.apache.org/docs/idl.html is
 * short of some of what the compiler takes.
 */
import { IdlError } from './idl_error.ts';
import { parseFields } from './parse_fields.ts';
import { parseType, parseValue } from './parse_type.ts';
import type { DefinitionSyntax, FileSyntax, MethodSyntax } from './syntax.ts';
import { TokenReader } from './token_reader.ts';

/** What `text` says; `file` is its name in errors. Throws IdlError with line and column. */
export function parseIdl(text: string, file: string): FileSyntax {
  const reader = new TokenReader(text, file);
  const includes: FileSyntax['includes'][number][] = [];
  const namespaces = new Map<string, string>();
  for (;;) {
    const { place } = reader;
    if (reader.accept('include')) includes.push({ path: reader.expectString('a path in quotes'), place });
    else if (reader.accept('cpp_include')) reader.expectString('a path in quotes');
    else if (reader.accept('namespace')) {
      const scope = reader.accept('*') ? '*' : reader.expectName('the scope of a namespace');
      namespaces.set(scope, reader.expectName('a namespace'));
      reader.skipAnnotations();
    } else break;
  }
  const definitions: DefinitionSyntax[] = [];
  while (reader.next.kind !== 'end') definitions.push(parseDefinition(reader));
  return { includes, namespaces, definitions };
}

const DEFINITIONS: Readonly<Record<string, (reader: TokenReader) => DefinitionSyntax>> = {
  typedef: (reader) => {
    const type = parseType(reader);
    const definition = { kind: 'typedef', ...named(reader, 'the name of a typedef'), type } as const;
    reader.skipAnnotations();
    reader.acceptSeparator();
    return definition;
  },
  const: (reader) => {
    const type = parseType(reader);
    const name = named(reader, 'the name of a constant');
    reader.expect('=');
    const value = parseValue(reader);
    reader.acceptSeparator();
    return { kind: 'const', ...name, type, value };
  },
  enum: (reader) => {
    const name = named(reader, 'the name of an enum');
    const members = parseMembers(reader);
    reader.skipAnnotations();
    return { kind: 'enum', ...name, members };
  },
  struct: (reader) => parseStruct(reader, 'struct'),
  union: (reader) => parseStruct(reader, 'union'),
  exception: (reader) => parseStruct(reader, 'exception'),
  service: (reader) => {
    const name = named(reader, 'the name of a service');
    const parent = reader.accept('extends') ? named(reader, 'the name of a service') : undefined;
    const methods = reader.between('{', '}', () => parseMethod(reader));
    reader.skipAnnotations();
    return { kind: 'service', ...name, extends: parent, methods };
  },
};

function parseDefinition(reader: TokenReader): DefinitionSyntax {
  const { kind, text } = reader.next;
  const parse = kind === 'word' && Object.hasOwn(DEFINITIONS, text) ? DEFINITIONS[text] : undefined;
  if (parse === undefined)
    throw reader.unexpected('typedef, const, enum, struct, union, exception or service');
  reader.take();
  return parse(reader);
}

function named(reader: TokenReader, what: string) {
  const { place } = reader;
  return { name: reader.expectName(what), place };
}

function parseStruct(reader: TokenReader, kind: 'struct' | 'union' | 'exception'): DefinitionSyntax {
  const name = named(reader, `the name of ${kind === 'exception' ? 'an' : 'a'} ${kind}`);
  reader.accept('xsd_all');
  const fields = parseFields(reader, '{', '}');
  reader.skipAnnotations();
  // The compiler makes all members of a union optional, whatever is written.
  return {
    kind,
    ...name,
    fields: kind === 'union' ? fields.map((field) => ({ ...field, requiredness: 'optional' })) : fields,
  };
}

/** A member without a number has the one behind its predecessor's. */
function parseMembers(reader: TokenReader): Map<string, number> {
  const members = new Map<string, number>();
  let next = 0;
  reader.between('{', '}', () => {
    const { name, place } = named(reader, 'the name of a value');
    if (members.has(name)) throw new IdlError(`the value ${name} is there twice`, place);
    const value = reader.accept('=') ? reader.expectInteger('the value of an enum') : next;
    members.set(name, value);
    next = value + 1;
    reader.skipAnnotations();
    reader.acceptSeparator();
  });
  return members;
}

function parseMethod(reader: TokenReader): MethodSyntax {
  const isOneway = reader.accept('oneway') || reader.accept('async');
  const returns = reader.accept('void') ? undefined : parseType(reader);
  const { name, place } = named(reader, 'the name of a method');
  // `optional` is ignored in arguments, and an exception is there or not.
  const args = parseFields(reader, '(', ')').map((field) =>
    field.requiredness === 'optional' ? { ...field, requiredness: 'default' as const } : field,
  );
  const throws = reader.accept('throws')
    ? parseFields(reader, '(', ')').map((field) => ({ ...field, requiredness: 'optional' as const }))
    : [];
  if (isOneway && throws.length > 0)
    throw new IdlError(`${name} is oneway: it has no answer to throw with`, place);
  reader.skipAnnotations();
  reader.acceptSeparator();
  return { name, isOneway, returns, arguments: args, throws, place };
}
