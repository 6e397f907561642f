/** What becomes of each line of one source: filter (on the line), parse, filter (on fields), tag, change fields. */
import { AS_IS, type Draft, type Written } from './draft.ts';
import { filterOf, type Filter } from './filter.ts';
import { JsonDraft } from './json_draft.ts';
import { JsonMembers, isJsonObject } from './json_members.ts';
import { lineParser, type LineParser, type Reason } from './line_parser.ts';
import type { Line } from './line.ts';
import { redactorOf, type Redactor } from './redact.ts';
import { edits, looksAtFields, type ProcessorRules } from './rules.ts';
import { taggerOf, type Tagger } from './tagger.ts';
import { TextDraft } from './text_draft.ts';

export type Outcome =
  | { readonly kind: 'dropped'; readonly rule: string }
  | { readonly kind: 'blank' }
  | { readonly kind: 'header' }
  | {
      readonly kind: 'kept';
      readonly written: Written;
      readonly tags: readonly string[];
      readonly error?: string;
    };

const RETURN = 0x0d;
const BLANK: Outcome = { kind: 'blank' };
const HEADER: Outcome = { kind: 'header' };
const KEPT_AS_IS: Outcome = { kind: 'kept', written: AS_IS, tags: [] };

/** What is the same for every source. */
export interface Stages {
  readonly rules: ProcessorRules;
  readonly filter: Filter;
  readonly tag: Tagger;
  readonly redact: Redactor | undefined;
  /** `add` as JSON members. */
  readonly addJson: string;
  /** True where JSON has to be taken apart: a rule looks into it, or may change it. */
  readonly needsMembers: boolean;
}

export function stagesOf(rules: ProcessorRules): Stages {
  return {
    rules,
    filter: filterOf(rules),
    tag: taggerOf(rules.tags),
    redact: redactorOf(rules.redact),
    addJson: rules.add.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(','),
    needsMembers: edits(rules) || looksAtFields(rules),
  };
}

export class Processor {
  readonly #stages: Stages;
  readonly #parser: LineParser;

  /** `head` is how the source begins: the format may be found in it, and the header of CSV. */
  constructor(stages: Stages, head: string) {
    this.#stages = stages;
    this.#parser = lineParser(stages.rules, head);
  }

  /** The format lines are parsed by: the configured one, or the one that was found. */
  get format(): LineParser['format'] {
    return this.#parser.format;
  }

  process(line: Line): Outcome {
    if (line.isBlank) return BLANK;
    const { filter } = this.#stages;
    const rule = filter.ofLine?.(line.text);
    if (rule !== undefined) return { kind: 'dropped', rule };
    const draft = this.#draftOf(line);
    if (draft === 'as_is') return KEPT_AS_IS;
    return draft === 'header' ? HEADER : this.#finish(line, draft);
  }

  #finish(line: Line, draft: Draft): Outcome {
    const { rules, filter, tag, redact, addJson } = this.#stages;
    const rule = filter.ofEntry?.(line.text, draft);
    if (rule !== undefined) return { kind: 'dropped', rule };
    const tags = rules.tags.length === 0 ? [] : tag({ text: line.text, draft });
    const { drop, add } = rules;
    const written = draft.edited({ drop, add, addJson, tags, redact });
    return { kind: 'kept', written, tags, ...(draft.error === undefined ? {} : { error: draft.error }) };
  }

  /** The entry of a line, or `as_is` where nobody has to look into it. */
  #draftOf(line: Line): Draft | 'as_is' | 'header' {
    if (!line.isUtf8) return unparsed(line, 'not_utf8');
    const { format } = this.#parser;
    if (format === 'json' || (format === 'none' && line.isBraced)) return this.#jsonOf(line, format);
    const parsed = this.#parser.parse(line.text);
    if (parsed === 'header') return 'header';
    return typeof parsed === 'string' ? unparsed(line, parsed) : new TextDraft(parsed);
  }

  #jsonOf(line: Line, format: 'json' | 'none'): Draft | 'as_is' {
    const { needsMembers } = this.#stages;
    const isJoined = line.count > 1;
    if (isJoined || line.bytes.includes(RETURN)) line.keepText();
    if (!needsMembers && !isJoined) {
      const isTaken = format === 'none' || isJsonObject(line.bytes);
      return isTaken ? 'as_is' : unparsed(line, 'not_json');
    }
    const members = JsonMembers.of(line.bytes);
    return members === undefined ? unparsed(line, 'not_json') : new JsonDraft(members, isJoined);
  }
}

/** The line as it is. Text can't hold what is not UTF-8: then its bytes come along. */
function unparsed(line: Line, error: Reason): Draft {
  const bytes = error === 'not_utf8' ? { bytes: line.bytes.toString('base64') } : {};
  return TextDraft.ofLine(line.text, { error, ...bytes });
}
