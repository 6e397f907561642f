/** A line of any other format: its fields, in the order they came. */
import { splitPath, type Draft, type Edits, type Written } from './draft.ts';
import { levelInText } from './level.ts';
import type { Redactor } from './redact.ts';

/** Field name to value, in order; a value is what JSON may hold. */
export type Fields = Map<string, unknown>;

export class TextDraft implements Draft {
  readonly error?: string;
  readonly #fields: Fields;
  /** What JSON can't hold of the line: its bytes in base64. */
  readonly #bytes: string | undefined;

  constructor(fields: Fields, { error, bytes }: { error?: string; bytes?: string } = {}) {
    this.#fields = fields;
    this.#bytes = bytes;
    if (error !== undefined) this.error = error;
  }

  /** The line as it is: `error` says why, where it should have been more. */
  static ofLine(text: string, why: { error?: string; bytes?: string } = {}): TextDraft {
    return new TextDraft(new Map([['message', text]]), why);
  }

  field(path: string): string | undefined {
    return this.error === undefined || path === 'message' ? textAt(this.#fields, path) : undefined;
  }

  levelInText(): number | undefined {
    const message = this.#fields.get('message');
    return typeof message === 'string' ? levelInText(message) : undefined;
  }

  edited({ drop, redact, add, tags }: Edits): Written {
    const fields = new Map(this.#fields);
    // A line that did not parse is shipped whole: its message is no field of its own.
    for (const path of drop) if (this.error === undefined) dropFrom(fields, path);
    const isRedacted = redact !== undefined && redactFields(fields, redact);
    if (this.error !== undefined) fields.set('_error', this.error);
    // The bytes hold what was redacted.
    if (this.#bytes !== undefined && !isRedacted) fields.set('_base64', this.#bytes);
    for (const [name, value] of add) fields.set(name, value);
    if (tags.length > 0) fields.set('tags', withTags(fields.get('tags'), tags));
    return { kind: 'text', json: JSON.stringify(Object.fromEntries(fields)) };
  }
}

function textAt(fields: Fields, path: string): string | undefined {
  const value = fields.get(path) ?? inside(fields, path);
  if (value === undefined) return undefined;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function inside(fields: Fields, path: string): unknown {
  const parts = splitPath(path);
  const outer = parts === undefined ? undefined : fields.get(parts[0]);
  if (parts === undefined || typeof outer !== 'object' || outer === null) return undefined;
  return textAt(new Map(Object.entries(outer)), parts[1]);
}

function dropFrom(fields: Fields, path: string): void {
  if (fields.delete(path)) return;
  const parts = splitPath(path);
  const outer = parts === undefined ? undefined : fields.get(parts[0]);
  if (parts === undefined || typeof outer !== 'object' || outer === null) return;
  const inner: Fields = new Map(Object.entries(outer));
  dropFrom(inner, parts[1]);
  fields.set(parts[0], Object.fromEntries(inner));
}

/** True where anything was changed. */
function redactFields(fields: Fields, redact: Redactor): boolean {
  let isChanged = false;
  for (const [name, value] of fields) {
    const clean = redact.value(name, value);
    if (clean === value) continue;
    fields.set(name, clean);
    isChanged = true;
  }
  return isChanged;
}

const withTags = (before: unknown, tags: readonly string[]): unknown[] => {
  const held: unknown[] = before === undefined ? [] : Array.isArray(before) ? before : [before];
  return [...new Set([...held, ...tags])];
};
