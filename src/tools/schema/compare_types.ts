import type { Sides, Party } from './change.ts';
import { showType, type EnumDefinition, type StructDefinition, type Type } from './schema.ts';

/** Why a type can't stand in for another. */
export interface Mismatch {
  readonly hurts: readonly Party[];
  readonly why: string;
}

/** Called with definitions that stand for one another under different names: they are compared in their own right. */
export interface Meet {
  structs(old: StructDefinition, now: StructDefinition): void;
  enums(old: EnumDefinition, now: EnumDefinition): void;
}

/**
 * Whether what is written as one type can be read as the other; undefined where it can. A generated reader looks at the wire's
 * type of a field and skips what it does not expect; of the elements in a container it looks at nothing.
 */
export function typeMismatch(old: Type, now: Type, sides: Sides, meet: Meet): Mismatch | undefined {
  return mismatch(old, now, [sides.old, sides.new], meet, undefined);
}

function mismatch(
  old: Type,
  now: Type,
  both: readonly Party[],
  meet: Meet,
  inside: string | undefined,
): Mismatch | undefined {
  if (old.kind === 'struct' && now.kind === 'struct')
    return structMismatch(old.definition, now.definition, both, meet);
  if (old.kind === 'enum' && now.kind === 'enum') {
    meet.enums(old.definition, now.definition);
    return undefined;
  }
  if (old.kind === 'map' && now.kind === 'map')
    return (
      mismatch(old.key, now.key, both, meet, 'keys') ?? mismatch(old.value, now.value, both, meet, 'values')
    );
  if ((old.kind === 'list' || old.kind === 'set') && old.kind === now.kind)
    return mismatch(old.element, now.element, both, meet, 'elements');
  if (wireType(old) !== wireType(now)) return otherWireType(old, now, both, inside);
  return sameWireType(old, now, both);
}

/** The wire's word for a type (thrift-binary-protocol.md): an enum is an i32, binary is a string. */
function wireType(type: Type): string {
  if (type.kind === 'enum') return 'i32';
  return type.kind === 'base' ? (type.name === 'binary' ? 'string' : type.name) : type.kind;
}

function otherWireType(old: Type, now: Type, both: readonly Party[], inside: string | undefined): Mismatch {
  const types = `${showType(old)} is not ${showType(now)} on the wire`;
  return {
    hurts: both,
    why:
      inside === undefined
        ? `${types}: most readers skip the field as if it were absent, others refuse it`
        : `${types}, and readers do not check the type of ${inside}: they read something else, or fail`,
  };
}

function sameWireType(old: Type, now: Type, both: readonly Party[]): Mismatch | undefined {
  if (old.kind === 'base' && now.kind === 'base' && old.name !== now.name)
    return {
      hurts: both,
      why: 'the same in binary and compact, but JSON has binary as base64; and bytes that are not UTF-8 are no string',
    };
  if (old.kind === 'enum' && now.kind === 'base')
    return { hurts: both.slice(0, 1), why: 'readers of the enum may get a number it has no name for' };
  if (old.kind === 'base' && now.kind === 'enum')
    return { hurts: both.slice(1), why: 'readers of the enum may get a number it has no name for' };
  return undefined;
}

/** Structs and exceptions are one thing on the wire; a union is one too, but has room for a single member. */
function structMismatch(
  old: StructDefinition,
  now: StructDefinition,
  both: readonly Party[],
  meet: Meet,
): Mismatch | undefined {
  if ((old.kind === 'union') !== (now.kind === 'union'))
    return {
      hurts: both.slice(old.kind === 'union' ? 0 : 1, old.kind === 'union' ? 1 : 2),
      why: 'a union has exactly one member set: what has more or none set is refused or misread',
    };
  meet.structs(old, now);
  return undefined;
}
