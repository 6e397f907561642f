/**
 * What is not to leave this machine is replaced by `[redacted:<name>]`. The patterns here are run by V8's own engine: each
 * begins where no match of it can have begun before, or has an upper bound, so that none takes long on any text.
 */
import type { Lines } from '../../entry.ts';
import { replaceCards } from './card_numbers.ts';
import type { BuiltInRedaction, Redaction } from './rules.ts';

export interface Redactor {
  /** False where the text surely holds nothing to redact. It may be JSON. */
  mayHold(text: string): boolean;
  text(text: string): string;
  /** A value of the field of this name: itself where there is nothing to redact. */
  value(name: string, value: unknown): unknown;
}

interface Kind {
  readonly mayHold: (text: string) => boolean;
  readonly replace: (text: string, mark: string) => string;
  /** Fields of such a name are redacted whole. */
  readonly names?: RegExp;
}

const EMAIL = /[^\s"'<>@,;:(){}[\]\\=]{1,64}@[\p{L}\p{N}-]{1,63}(?:\.[\p{L}\p{N}-]{1,63}){1,8}/gu;

/** `Bearer …`, and what stands behind a name that says it is secret. */
const SCHEME = /\b(bearer|basic)(\s+)[A-Za-z0-9._~+/=-]{8,}/gi;
const NAMED =
  /(password|passwd|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key)(["']?\s*[:=]\s*["']?)(?!bearer\b|basic\b|\[redacted:)[^\s"'&,;\\]+/gi;
const JWT = /(?<![\w-])eyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]*/g;
/** Keys known by how they begin: AWS, GitHub, GitLab, Slack, Stripe, OpenAI, Google. */
const KNOWN =
  /\b(?:(?:AKIA|ASIA)[A-Z0-9]{16}|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{20,}|xox[abprs]-[\w-]{10,}|[spr]k_(?:live|test)_\w{10,}|sk-[\w-]{20,}|AIza[\w-]{35})/g;
const SECRET_NAME =
  /(?:password|passwd|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|authorization|credentials?)$/i;
const SECRET_SIGN =
  /bearer|basic|pass|pwd|secret|token|(?:api|access|private)[_-]?key|authorization|credential|eyJ|AKIA|ASIA|gh[pousr]_|_pat_|glpat|xox|k_live|k_test|sk-|AIza/i;

const BUILT_IN: Readonly<Record<BuiltInRedaction, Kind>> = {
  email: {
    mayHold: (text) => text.includes('@'),
    replace: (text, mark) => text.replace(EMAIL, mark),
  },
  card: {
    mayHold: (text) => /\d(?:[ -]?\d){11}/.test(text),
    replace: replaceCards,
  },
  token: {
    mayHold: (text) => SECRET_SIGN.test(text),
    replace: (text, mark) =>
      text
        .replace(JWT, mark)
        .replace(KNOWN, mark)
        .replace(SCHEME, `$1$2${mark}`)
        .replace(NAMED, `$1$2${mark}`),
    names: SECRET_NAME,
  },
};

/** Redacts all of these, or undefined where there are none. */
export function redactorOf(redactions: readonly Redaction[]): Redactor | undefined {
  if (redactions.length === 0) return undefined;
  const kinds = redactions.map((redaction) => ({
    ...kindOf(redaction),
    mark: `[redacted:${redaction.name}]`,
  }));
  const redactText = (text: string): string =>
    kinds.reduce(
      (clean, { mayHold, replace, mark }) => (mayHold(clean) ? replace(clean, mark) : clean),
      text,
    );
  const markOf = (name: string): string | undefined =>
    kinds.find(({ names }) => names?.test(name) === true)?.mark;
  return {
    // An escape in JSON may hide any character.
    mayHold: (text) => text.includes('\\') || kinds.some(({ mayHold }) => mayHold(text)),
    text: redactText,
    value: (name, value) => redactedValue(value, markOf(name), redactText),
  };
}

function kindOf(redaction: Redaction): Kind {
  if (redaction.regex === undefined) return BUILT_IN[redaction.name];
  const { regex } = redaction;
  // What it says of one value, it does not say of a whole line.
  return { mayHold: () => true, replace: (text, mark) => regex.replaceAll(text, mark) };
}

/** `mark`: what takes the place of the whole value, where its name says it is secret. */
function redactedValue(value: unknown, mark: string | undefined, redactText: Redactor['text']): unknown {
  if (typeof value === 'string') return value === '' ? value : (mark ?? redactText(value));
  if (typeof value === 'number') {
    const clean = mark ?? redactText(String(value));
    return clean === String(value) ? value : clean;
  }
  if (typeof value !== 'object' || value === null) return value;
  const clean = Object.entries(value).map(([name, inner]) => [
    redactText(name),
    redactedValue(inner, mark, redactText),
  ]);
  return Object.fromEntries(clean);
}

/** A piece of a line as an entry (entry_lines.ts), with its text redacted. */
export function redactedPiece(piece: Lines, redact: Redactor | undefined): Lines {
  if (redact === undefined) return piece;
  const entry = JSON.parse(piece.bytes.toString('utf8')) as { message: string };
  const message = redact.text(entry.message);
  if (message === entry.message) return piece;
  const clean = Object.entries({ ...entry, message }).filter(([name]) => name !== '_base64');
  return { bytes: Buffer.from(`${JSON.stringify(Object.fromEntries(clean))}\n`), count: 1 };
}
