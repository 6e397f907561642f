/** What the options on processors say, as one thing. */
import { ConfigError } from './load.ts';
import type { Settings } from './options.ts';

/** Throws ConfigError. */
export function processorRules(settings: Settings) {
  return {
    parse: settings.PARSE,
    pattern: settings.PARSE_PATTERN,
    columns: settings.PARSE_COLUMNS,
    separator: settings.PARSE_SEPARATOR === 'tab' ? '\t' : settings.PARSE_SEPARATOR,
    multiline: {
      start: settings.MULTILINE_START,
      indent: settings.MULTILINE_INDENT,
      maxLines: settings.MULTILINE_MAX_LINES,
      maxBytes: settings.MULTILINE_MAX_BYTES,
    },
    include: settings.FILTER_INCLUDE,
    exclude: settings.FILTER_EXCLUDE,
    minLevel: settings.MIN_LEVEL,
    tags: settings.TAGS,
    add: settings.FIELDS_ADD,
    drop: settings.FIELDS_DROP,
    redact: redactions(settings),
  };
}

function redactions({ REDACT }: Settings) {
  return REDACT.map((rule) => {
    if (rule.match === undefined) return { name: rule.tag };
    if (rule.match.field !== undefined)
      throw new ConfigError([
        `REDACT: ${rule.tag} looks at a field; what is redacted is redacted in all of them`,
      ]);
    return { name: rule.tag, regex: rule.match.regex };
  });
}
