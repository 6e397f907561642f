import { escaped, IdlError, type Place } from './idl_error.ts';
import type { BaseName, Type } from './schema.ts';
import type { ValueSyntax } from './syntax.ts';

/** What names stand for in the file a value is written in. */
export interface Names {
  constant(name: string): { readonly value: ValueSyntax; readonly names: Names } | undefined;
  /** The number of `Enum.VALUE`. */
  member(name: string): number | undefined;
  /** Called for each part of a value; throws where there are too many. */
  spend(): void;
}

const MAX_CHAIN = 64;

/**
 * A value as JSON text, with names looked up, so that two ways to write it are one. Throws IdlError where a name is not there,
 * or a value is not of a base type that it should have; of others the compiler, too, looks at little.
 */
export function linkedValue(value: ValueSyntax, type: Type, names: Names): string {
  return escaped(JSON.stringify(plain(value, type, names, 0)));
}

function plain(value: ValueSyntax, type: Type, names: Names, chain: number): unknown {
  names.spend();
  if (value.kind === 'name') return named(value.text, value.place, type, names, chain);
  if (type.kind === 'base' && value.kind !== SYNTAX_OF[type.name])
    throw new IdlError(`expected ${type.name}, found a ${value.kind}`, value.place);
  if (value.kind === 'list') {
    const element = type.kind === 'list' || type.kind === 'set' ? type.element : type;
    return value.items.map((item) => plain(item, element, names, chain));
  }
  if (value.kind === 'map')
    return value.items.map(([key, item]) => {
      const [keyType, itemType] = type.kind === 'map' ? [type.key, type.value] : [type, type];
      return [plain(key, keyType, names, chain), plain(item, itemType, names, chain)];
    });
  return value.kind === 'number' ? number(value.text, value.place, type) : value.text;
}

const SYNTAX_OF: Readonly<Record<BaseName, ValueSyntax['kind']>> = {
  ...{ bool: 'number', i8: 'number', i16: 'number', i32: 'number', i64: 'number', double: 'number' },
  ...{ string: 'string', binary: 'string' },
};

function named(text: string, place: Place, type: Type, names: Names, chain: number): unknown {
  if (text === 'true' || text === 'false')
    return plain({ kind: 'number', text: text === 'true' ? '1' : '0', place }, type, names, chain);
  const member = names.member(text);
  if (member !== undefined) return member;
  const constant = names.constant(text);
  if (constant === undefined) throw new IdlError(`there is no constant ${text}`, place);
  if (chain > MAX_CHAIN) throw new IdlError(`the constant ${text} stands for itself`, place);
  return plain(constant.value, type, constant.names, chain + 1);
}

/** Whole numbers keep their digits, which may be more than a double has; a bool of 1 is true. */
function number(text: string, place: Place, type: Type): unknown {
  const digits = text.replace(/^[+-]/, '');
  const isWhole = /^(?:0x[0-9A-Fa-f]+|[0-9]+)$/.test(digits);
  if (type.kind === 'base' && type.name !== 'double' && !isWhole)
    throw new IdlError(`expected ${type.name}, found ${text}`, place);
  if (!isWhole) return Number(text);
  if (type.kind === 'base' && type.name === 'bool') return BigInt(digits) !== 0n;
  const whole = text.startsWith('-') ? -BigInt(digits) : BigInt(digits);
  return BigInt(Number(whole)) === whole ? Number(whole) : whole.toString();
}
