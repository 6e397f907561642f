/** What the tables of schema changes are written with. */
import type { Party } from '../../src/tools/schema/change.ts';

/** Values of a struct's fields by name; an enum's value is its name. */
type Values = Readonly<Record<string, unknown>>;

export interface SchemaChange {
  readonly name: string;
  readonly old: string;
  readonly now: string;
  /** Where `schema check` is to find a change, and whom it is to say that it hurts; nobody: safe. */
  readonly changes: Readonly<Record<string, readonly Party[]>>;
  /** What each side writes into a struct `S`, for the other to read. */
  readonly writes?: { readonly old: Values; readonly now: Values };
  /** A method of a service `Calls` that each side calls on the other. */
  readonly calls?: {
    readonly method: string;
    readonly old: readonly unknown[];
    readonly now: readonly unknown[];
    readonly returns?: unknown;
    /** The exception that the side's server throws. */
    readonly throws?: { readonly old?: string; readonly now?: string };
  };
}

export const NOBODY: readonly Party[] = [];
export const READERS: readonly Party[] = ['old readers', 'new readers'];
export const OLD_READERS: readonly Party[] = ['old readers'];
export const NEW_READERS: readonly Party[] = ['new readers'];
export const OLD_CALLERS: readonly Party[] = ['old callers'];
export const OLD_SERVERS: readonly Party[] = ['old servers'];
export const CALLERS_AND_SERVERS: readonly Party[] = ['old callers', 'old servers'];

/** A struct `S` of a first field and these. */
export const structS = (fields: string): string => `struct S { 1: string a, ${fields} }`;
/** The value of its first field. */
export const FIRST = { a: 'x' };
/** A struct with a field of an enum `Level`. */
export const LEVELS = 'struct S { 1: string a, 2: Level level }';
/** Two exceptions that are alike. */
export const EXCEPTIONS = 'exception E { 1: string why } exception F { 1: string why }';
