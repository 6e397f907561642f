import { parseTime } from '../base/time.ts';

/** What an option's text may be, and what it becomes. A parser throws Error with what was expected. */
export interface Kind<T> {
  /** For help and docs: `integer`, `seconds`, … */
  readonly name: string;
  readonly parse: (text: string) => T;
  /** What a flag given several times (as an array of texts), or an array or table of TOML becomes. Without it there is one single value. */
  readonly fromValue?: (value: unknown) => T;
}

interface Range {
  readonly min: number;
  readonly max: number;
}

export const integer = (range: Range): Kind<number> => ({
  name: 'integer',
  parse: (text) => within(range, wholeNumber(text), String),
});

/** A number of seconds, fractions allowed. */
export const seconds = (range: Range): Kind<number> => ({
  name: 'seconds',
  parse: (text) => within(range, decimal(text), (value) => `${value} s`),
});

/** A part of a whole. */
export const fraction: Kind<number> = {
  name: 'fraction',
  parse: (text) => within({ min: 0, max: 1 }, decimal(text), String),
};

/** A time as milliseconds since 1970, or none. */
export const time: Kind<number | undefined> = {
  name: 'time',
  parse(text) {
    if (text === '') return undefined;
    try {
      return parseTime(text, Date.now());
    } catch (cause) {
      throw new Error('expected a time such as 2026-01-31T12:00:00Z', { cause });
    }
  },
};

const UNITS: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['b', 1],
  ['kb', 1e3],
  ['mb', 1e6],
  ['gb', 1e9],
  ['kib', 2 ** 10],
  ['mib', 2 ** 20],
  ['gib', 2 ** 30],
]);

/** A number of bytes: `5242880`, `5MiB`, `64 KiB`, `2GB`. */
export const bytes = (range: Range): Kind<number> => ({
  name: 'bytes',
  parse(text) {
    const match = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text);
    const unit = UNITS.get(match?.[2]?.toLowerCase() ?? '?');
    if (match === null || unit === undefined)
      throw new Error('expected a number of bytes such as 65536, 64KiB or 5MiB');
    return within(range, Math.round(Number(match[1]) * unit), (value) => `${value} bytes`);
  },
});

const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['1', true],
  ['yes', true],
  ['on', true],
  ['false', false],
  ['0', false],
  ['no', false],
  ['off', false],
]);

export const boolean: Kind<boolean> = {
  name: 'boolean',
  parse(text) {
    const value = BOOLEANS.get(text.toLowerCase());
    if (value === undefined) throw new Error('expected true or false');
    return value;
  },
};

export const oneOf = <const T extends string>(choices: readonly T[]): Kind<T> => ({
  name: choices.join(' | '),
  parse(text) {
    const value = choices.find((choice) => choice === text.toLowerCase());
    if (value === undefined) throw new Error(`expected one of ${choices.join(', ')}`);
    return value;
  },
});

/** Any text that `isValid` accepts; `expected` says what that is. */
export const text = (
  expected: string,
  isValid: (text: string) => boolean = (value) => value !== '',
): Kind<string> => ({
  name: 'text',
  parse(value) {
    if (!isValid(value)) throw new Error(`expected ${expected}`);
    return value;
  },
});

/** The path of a file, or nothing. */
export const path = text('the path of a file', (value) => !value.includes('\0'));

/** True for what may be a token: it goes through files, environments and JSON unharmed. */
export const isToken = (value: string): boolean => /^[\x21-\x2b\x2d-\x7e]{1,1024}$/.test(value);

/** One token, or none. */
export const token: Kind<string> = {
  name: 'token',
  parse(value) {
    if (value !== '' && !isToken(value)) throw new Error('expected a token of visible ASCII, without commas');
    return value;
  },
};

/** Tokens with commas between them, or none. */
export const tokens: Kind<readonly string[]> = {
  name: 'tokens',
  parse(value) {
    const list = value === '' ? [] : value.split(',').map((one) => one.trim());
    if (!list.every(isToken)) throw new Error('expected tokens of visible ASCII with commas between them');
    return list;
  },
};

function wholeNumber(text: string): number {
  if (!/^-?\d+$/.test(text)) throw new Error('expected a whole number');
  return Number(text);
}

function decimal(text: string): number {
  if (!/^-?\d+(\.\d+)?$/.test(text)) throw new Error('expected a number');
  return Number(text);
}

function within({ min, max }: Range, value: number, show: (value: number) => string): number {
  if (value < min || value > max) throw new Error(`expected ${show(min)} to ${show(max)}`);
  return value;
}
