/** Looks up every name of a file and its includes: syntax in, schema out. */
import { IdlError, type Place } from './idl_error.ts';
import { linkedValue, type Names } from './link_value.ts';
import { NameTable, type Found, type OfKind } from './name_table.ts';
import type { SourceFile } from './read_files.ts';
import type {
  EnumDefinition,
  Field,
  Method,
  Schema,
  ServiceDefinition,
  StructDefinition,
  Type,
} from './schema.ts';
import type { DefinitionSyntax, FieldSyntax, MethodSyntax, TypeSyntax } from './syntax.ts';

type StructSyntax = OfKind<'struct' | 'union' | 'exception'>;

/** Longest chain of typedefs, or of services that extend one another. */
const MAX_CHAIN = 64;

/** Parts that all types, values and methods may have together once typedefs, constants and `extends` are looked up: they can double with each line. */
const MAX_PARTS = 500_000;

/** The schema of a file with its includes. Throws IdlError at a name that is not defined, or is twice. */
export function link(root: SourceFile): Schema {
  return new Linker(root).schema();
}

const byName = <Syntax, T>(
  found: readonly Found<Syntax>[],
  make: (found: Found<Syntax>) => T,
): ReadonlyMap<string, T> => new Map(found.map((one) => [one.name, make(one)]));

class Linker {
  readonly #root: SourceFile;
  readonly #table: NameTable;
  readonly #structs = new Map<DefinitionSyntax, StructDefinition>();
  readonly #enums = new Map<DefinitionSyntax, EnumDefinition>();
  readonly #services = new Map<DefinitionSyntax, ServiceDefinition>();
  /** Fields to look up yet. They wait, because a chain of structs may be longer than the stack is deep. */
  readonly #waiting: (() => void)[] = [];
  #parts = 0;

  constructor(root: SourceFile) {
    this.#root = root;
    this.#table = new NameTable(root);
  }

  schema(): Schema {
    const table = this.#table;
    const schema = {
      file: this.#root.path,
      namespaces: this.#root.syntax.namespaces,
      typedefs: byName(table.all('typedef'), ({ syntax, file }) => this.#type(syntax.type, file)),
      constants: byName(table.all('const'), ({ syntax, file }) => this.#constant(syntax, file)),
      enums: byName(table.all('enum'), (found) => this.#enum(found)),
      structs: byName(table.all('struct', 'union', 'exception'), (found) => this.#struct(found)),
      services: byName(table.all('service'), (found) => this.#service(found)),
    };
    for (let look = this.#waiting.pop(); look !== undefined; look = this.#waiting.pop()) look();
    return schema;
  }

  #spend(parts: number): void {
    this.#parts += parts;
    if (this.#parts > MAX_PARTS)
      throw new IdlError(
        `with all names looked up there are more than ${MAX_PARTS} parts of types and values`,
        this.#root.path,
      );
  }

  #type(type: TypeSyntax, file: SourceFile, chain = 0): Type {
    this.#spend(1);
    switch (type.kind) {
      case 'base':
        return { kind: 'base', name: type.name === 'byte' ? 'i8' : type.name };
      case 'list':
      case 'set':
        return { kind: type.kind, element: this.#type(type.element, file, chain) };
      case 'map':
        return {
          kind: 'map',
          key: this.#type(type.key, file, chain),
          value: this.#type(type.value, file, chain),
        };
      default:
        return this.#namedType(type.name, type.place, file, chain);
    }
  }

  #namedType(name: string, place: Place, file: SourceFile, chain: number): Type {
    const found = this.#table.lookUp(name, file);
    switch (found?.syntax.kind) {
      case 'typedef':
        if (chain > MAX_CHAIN)
          throw new IdlError(`${name} stands for itself, or for typedefs over ${MAX_CHAIN} deep`, place);
        return this.#type(found.syntax.type, found.file, chain + 1);
      case 'enum':
        return { kind: 'enum', definition: this.#enum(found as Found<OfKind<'enum'>>) };
      case 'struct':
      case 'union':
      case 'exception':
        return { kind: 'struct', definition: this.#struct(found as Found<StructSyntax>) };
      default:
        throw new IdlError(`there is no type ${name}`, place);
    }
  }

  #enum({ syntax, name }: Found<OfKind<'enum'>>): EnumDefinition {
    const known = this.#enums.get(syntax);
    if (known !== undefined) return known;
    const definition = { name, members: syntax.members };
    this.#enums.set(syntax, definition);
    return definition;
  }

  /** It is known before its fields are: they may be of its own type, or of one that holds it. */
  #struct({ syntax, file, name }: Found<StructSyntax>): StructDefinition {
    const known = this.#structs.get(syntax);
    if (known !== undefined) return known;
    const fields = new Map<number, Field>();
    const definition = { kind: syntax.kind, name, fields };
    this.#structs.set(syntax, definition);
    this.#waiting.push(() => {
      for (const field of syntax.fields) fields.set(field.id, this.#field(field, file));
    });
    return definition;
  }

  #field({ id, name, requiredness, type, value }: FieldSyntax, file: SourceFile): Field {
    const linked = this.#type(type, file);
    const preset = value === undefined ? undefined : linkedValue(value, linked, this.#names(file));
    return { id, name, requiredness, type: linked, value: preset };
  }

  #constant({ type, value }: OfKind<'const'>, file: SourceFile): { type: Type; value: string } {
    const linked = this.#type(type, file);
    return { type: linked, value: linkedValue(value, linked, this.#names(file)) };
  }

  /** What constants and enum values are called in a file. */
  #names(file: SourceFile): Names {
    return {
      spend: () => this.#spend(1),
      constant: (name: string) => {
        const found = this.#table.lookUp(name, file);
        return found?.syntax.kind === 'const'
          ? { value: found.syntax.value, names: this.#names(found.file) }
          : undefined;
      },
      member: (name: string) => {
        const dot = name.lastIndexOf('.');
        const found = dot === -1 ? undefined : this.#table.lookUp(name.slice(0, dot), file);
        return found?.syntax.kind === 'enum' ? found.syntax.members.get(name.slice(dot + 1)) : undefined;
      },
    };
  }

  #service({ syntax, file, name }: Found<OfKind<'service'>>, chain = 0): ServiceDefinition {
    const known = this.#services.get(syntax);
    if (known !== undefined) return known;
    const { extends: parent } = syntax;
    const methods = new Map<string, Method>();
    if (parent !== undefined) {
      const found = this.#table.lookUp(parent.name, file);
      if (found?.syntax.kind !== 'service')
        throw new IdlError(`there is no service ${parent.name}`, parent.place);
      if (chain > MAX_CHAIN) throw new IdlError(`${parent.name} extends itself`, parent.place);
      const inherited = this.#service(found as Found<OfKind<'service'>>, chain + 1);
      this.#spend(inherited.methods.size);
      for (const [method, definition] of inherited.methods) methods.set(method, definition);
    }
    for (const method of syntax.methods) {
      if (methods.has(method.name))
        throw new IdlError(`the method ${method.name} is there twice`, method.place);
      methods.set(method.name, this.#method(method, file));
    }
    const definition = { name, methods };
    this.#services.set(syntax, definition);
    return definition;
  }

  #method(syntax: MethodSyntax, file: SourceFile): Method {
    const fields = (list: readonly FieldSyntax[]) =>
      new Map(list.map((field) => [field.id, this.#field(field, file)]));
    const throws = fields(syntax.throws);
    for (const { id, place } of syntax.throws) {
      const type = throws.get(id)?.type;
      if (type?.kind !== 'struct' || type.definition.kind !== 'exception')
        throw new IdlError('only exceptions can be thrown', place);
    }
    return {
      name: syntax.name,
      isOneway: syntax.isOneway,
      returns: syntax.returns === undefined ? undefined : this.#type(syntax.returns, file),
      arguments: fields(syntax.arguments),
      throws,
    };
  }
}
