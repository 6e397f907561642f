/** What one file of Thrift's IDL says, before names are looked up. */
import type { Place } from './idl_error.ts';

export const BASE_TYPES = ['bool', 'byte', 'i8', 'i16', 'i32', 'i64', 'double', 'string', 'binary'] as const;

export type TypeSyntax =
  | { readonly kind: 'base'; readonly name: (typeof BASE_TYPES)[number] }
  | { readonly kind: 'list' | 'set'; readonly element: TypeSyntax }
  | { readonly kind: 'map'; readonly key: TypeSyntax; readonly value: TypeSyntax }
  | { readonly kind: 'named'; readonly name: string; readonly place: Place };

export type ValueSyntax = { readonly place: Place } & (
  | { readonly kind: 'number' | 'string' | 'name'; readonly text: string }
  | { readonly kind: 'list'; readonly items: readonly ValueSyntax[] }
  | { readonly kind: 'map'; readonly items: readonly (readonly [ValueSyntax, ValueSyntax])[] }
);

export interface FieldSyntax {
  /** Fields without an id have those from -1 downwards, as the compiler gives them. */
  readonly id: number;
  readonly name: string;
  readonly requiredness: 'required' | 'optional' | 'default';
  readonly type: TypeSyntax;
  readonly value?: ValueSyntax;
  readonly place: Place;
}

export interface MethodSyntax {
  readonly name: string;
  readonly isOneway: boolean;
  /** undefined: void. */
  readonly returns: TypeSyntax | undefined;
  readonly arguments: readonly FieldSyntax[];
  readonly throws: readonly FieldSyntax[];
  readonly place: Place;
}

interface Named {
  readonly name: string;
  readonly place: Place;
}

export type DefinitionSyntax = Named &
  (
    | { readonly kind: 'typedef'; readonly type: TypeSyntax }
    | { readonly kind: 'const'; readonly type: TypeSyntax; readonly value: ValueSyntax }
    | { readonly kind: 'enum'; readonly members: ReadonlyMap<string, number> }
    | { readonly kind: 'struct' | 'union' | 'exception'; readonly fields: readonly FieldSyntax[] }
    | {
        readonly kind: 'service';
        readonly extends: Named | undefined;
        readonly methods: readonly MethodSyntax[];
      }
  );

export interface FileSyntax {
  readonly includes: readonly { readonly path: string; readonly place: Place }[];
  /** Scope (`py`, `*`) to name. */
  readonly namespaces: ReadonlyMap<string, string>;
  readonly definitions: readonly DefinitionSyntax[];
}
