/** How files are followed (docs/COLLECTING.md). */
import { integer, oneOf, seconds, type Kind } from '../kinds.ts';
import { option } from '../option.ts';

/** Glob patterns with commas between them; as a flag it may be given several times. */
const patterns: Kind<readonly string[]> = {
  name: 'patterns',
  parse: (text) => divided(text),
  fromValue(value) {
    const texts: readonly unknown[] = Array.isArray(value) ? value : [value];
    return texts.flatMap((text) => {
      if (typeof text !== 'string') throw new Error('expected patterns such as *.gz');
      return divided(text);
    });
  },
};

/** At commas, but for those within braces. */
function divided(text: string): string[] {
  if (text.includes('\0')) throw new Error('expected patterns such as *.gz');
  return text
    .split(/,(?![^{}]*\})/)
    .map((one) => one.trim())
    .filter((one) => one !== '');
}

export const TAIL_OPTIONS = {
  TAIL_FROM: option({
    kind: oneOf(['resume', 'end', 'start']),
    default: 'resume',
    side: 'client',
    toml: 'tail.from',
    help: 'tail: files the receiver knows go on where it stands, others begin at their start; end: others that are there begin at their end; start: all begin at their start.',
    aliases: [{ flag: 'from', help: 'the same as --tail-from' }],
  }),
  TAIL_EXCLUDE: option({
    kind: patterns,
    default: '',
    side: 'client',
    toml: 'tail.exclude',
    help: 'tail: patterns of files to leave out, of the whole path, or, without a slash, of the name: *.gz,*.old.',
    aliases: [{ flag: 'ignore', help: 'TAIL_EXCLUDE, may be given several times' }],
  }),
  TAIL_MAX_OPEN: option({
    kind: integer({ min: 8, max: 100_000 }),
    default: '256',
    side: 'client',
    toml: 'tail.max_open',
    help: 'tail: files open at a time. More may be followed.',
  }),
  TAIL_SCAN_INTERVAL: option({
    kind: seconds({ min: 0.1, max: 3600 }),
    default: '10',
    side: 'client',
    toml: 'tail.scan_interval_seconds',
    help: 'tail: how often files are looked for where the system does not tell of new ones.',
  }),
  TAIL_ROTATED_WAIT: option({
    kind: seconds({ min: 0.1, max: 24 * 3600 }),
    default: '10',
    side: 'client',
    toml: 'tail.rotated_wait_seconds',
    help: 'tail: a file that was renamed or deleted is done with when nothing came for so long after its end was reached.',
  }),
} as const;
