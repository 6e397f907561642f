import type { Kind } from './kinds.ts';

export type Side = 'client' | 'server' | 'both';

/** One option, as a row of a table in options/. */
export interface Option<T> {
  readonly kind: Kind<T>;
  /** As it would be written in the environment. */
  readonly default: string;
  readonly side: Side;
  /** Section and key in the TOML file. */
  readonly toml: string;
  readonly help: string;
  /** What it is set to is shown nowhere. */
  readonly secret?: boolean;
  /** Further flags; `toText` turns what is given there into what the option takes. */
  readonly aliases?: readonly {
    readonly flag: string;
    readonly help: string;
    readonly toText?: (given: string) => string;
  }[];
}

export const option = <T>(row: Option<T>): Option<T> => row;

export const KIB = 1024;
export const MIB = 1024 * KIB;
export const GIB = 1024 * MIB;
