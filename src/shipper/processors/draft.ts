/** An entry in the making: what rules look into, and what is written of it once they are through. */
import type { Redactor } from './redact.ts';

/** What is to be done to an entry that is kept, in this order. */
export interface Edits {
  /** Names; a dot leads into an object. */
  readonly drop: readonly string[];
  readonly redact: Redactor | undefined;
  readonly add: readonly (readonly [name: string, value: string])[];
  /** The same as JSON members, with commas between them. */
  readonly addJson: string;
  readonly tags: readonly string[];
}

export interface Draft {
  /** Why its line did not parse: it is shipped as it is. */
  readonly error?: string;
  /** A field as text, or undefined where there is none. A dot leads into an object. */
  field(path: string): string | undefined;
  /** Where no field holds the level: what the text says, or undefined. */
  levelInText(): number | undefined;
  /** What to write of it. */
  edited(edits: Edits): Written;
}

export type Written =
  /** Its line, as it is. */
  | { readonly kind: 'as_is' }
  /** Its line up to the closing brace (at this offset), then this text. */
  | { readonly kind: 'spliced'; readonly closeAt: number; readonly rest: string }
  | { readonly kind: 'text'; readonly json: string };

export const AS_IS: Written = { kind: 'as_is' };

/** The two parts of a path whose first part is not found as a whole: `user.id` is `id` in `user`. Undefined without a dot. */
export function splitPath(path: string): [first: string, rest: string] | undefined {
  const dot = path.indexOf('.');
  return dot < 1 ? undefined : [path.slice(0, dot), path.slice(dot + 1)];
}
