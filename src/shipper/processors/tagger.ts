/** Which tags an entry gets. */
import type { Draft } from './draft.ts';
import { isMatch } from './filter.ts';
import type { BuiltInTag, TagRule } from './rules.ts';

/** Looked for in the whole line. Run by V8's own engine: nothing in them repeats without bound. */
const BUILT_IN: Readonly<Record<BuiltInTag, RegExp>> = {
  auth: /\b(?:log(?:ged|ging)?[ _-]?(?:in|out|on|off)|sign(?:ed|ing)?[ _-]?(?:in|out|up)|auth(?:n|z|enticat\w{1,5}|ori[sz]\w{1,6})?|un(?:authenticated|authori[sz]ed)|forbidden|passw(?:or)?d|mfa|2fa|otp|sso|oauth2?|sshd|sudo|session (?:opened|closed|expired|started))\b/i,
  payment:
    /\b(?:payments?|paid|pays?|paying|billing|billed|invoices?|checkout|refund(?:s|ed)?|charge(?:s|d|back)?|credit[ _-]?card|card (?:declined|accepted|charged)|transactions?|stripe|paypal)\b/i,
  api: /\b(?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) \/|\/api\/|\b(?:api|rest|graphql|grpc|rpc|webhooks?|endpoints?|requests? (?:served|received|failed|timed out))\b/i,
};

export interface LineAndDraft {
  readonly text: string;
  readonly draft: Draft;
}

export type Tagger = (entry: LineAndDraft) => readonly string[];

const NONE: readonly string[] = [];

/** The tags of these rules that match, each once, in their order. */
export function taggerOf(rules: readonly TagRule[]): Tagger {
  const tests = rules.map((rule) => ({ tag: rule.tag, matches: testOf(rule) }));
  return (entry) => {
    let tags = NONE;
    for (const { tag, matches } of tests) if (!tags.includes(tag) && matches(entry)) tags = [...tags, tag];
    return tags;
  };
}

function testOf(rule: TagRule): (entry: LineAndDraft) => boolean {
  if (rule.match === undefined) {
    const pattern = BUILT_IN[rule.tag];
    return ({ text }) => pattern.test(text);
  }
  const { match } = rule;
  return ({ text, draft }) => isMatch(match, text, draft);
}
