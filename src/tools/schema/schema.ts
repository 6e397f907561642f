/** What a file of Thrift's IDL and all it includes say, with every name looked up. */
import type { BASE_TYPES } from './syntax.ts';

export type BaseName = Exclude<(typeof BASE_TYPES)[number], 'byte'>;

/** A type without typedefs: what is on the wire. `byte` is `i8`. */
export type Type =
  | { readonly kind: 'base'; readonly name: BaseName }
  | { readonly kind: 'list' | 'set'; readonly element: Type }
  | { readonly kind: 'map'; readonly key: Type; readonly value: Type }
  | { readonly kind: 'enum'; readonly definition: EnumDefinition }
  | { readonly kind: 'struct'; readonly definition: StructDefinition };

export interface Field {
  readonly id: number;
  readonly name: string;
  readonly requiredness: 'required' | 'optional' | 'default';
  readonly type: Type;
  /** As JSON, names of constants and enum values looked up. */
  readonly value: string | undefined;
}

export type Fields = ReadonlyMap<number, Field>;

/** Names of what is included begin with the name of its file and a dot. */
export interface StructDefinition {
  readonly kind: 'struct' | 'union' | 'exception';
  readonly name: string;
  readonly fields: Fields;
}

export interface EnumDefinition {
  readonly name: string;
  readonly members: ReadonlyMap<string, number>;
}

export interface Method {
  readonly name: string;
  readonly isOneway: boolean;
  /** undefined: void. */
  readonly returns: Type | undefined;
  readonly arguments: Fields;
  readonly throws: Fields;
}

export interface ServiceDefinition {
  readonly name: string;
  /** By name, those of the services it extends among them. */
  readonly methods: ReadonlyMap<string, Method>;
}

export interface Schema {
  readonly file: string;
  readonly namespaces: ReadonlyMap<string, string>;
  readonly typedefs: ReadonlyMap<string, Type>;
  /** Type and value of each constant. */
  readonly constants: ReadonlyMap<string, { readonly type: Type; readonly value: string }>;
  readonly enums: ReadonlyMap<string, EnumDefinition>;
  readonly structs: ReadonlyMap<string, StructDefinition>;
  readonly services: ReadonlyMap<string, ServiceDefinition>;
}

/** A type as one would write it, without typedefs: `map<string, list<i32>>`. */
export function showType(type: Type): string {
  switch (type.kind) {
    case 'base':
      return type.name;
    case 'enum':
    case 'struct':
      return type.definition.name;
    case 'map':
      return `map<${showType(type.key)}, ${showType(type.value)}>`;
    default:
      return `${type.kind}<${showType(type.element)}>`;
  }
}
