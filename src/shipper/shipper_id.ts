import { createHash } from 'node:crypto';

export interface IdParts {
  /** As configured, with `{hostname}` and `{pid}` in it; empty for one made here. */
  readonly template: string;
  readonly hostname: string;
  readonly pid: number;
  readonly command: 'send' | 'tail' | 'replay' | 'generate' | 'pipe' | 'app';
  /** What is shipped, files or patterns: the same ones make the same id, so that the next run goes on where the last ended. */
  readonly paths: readonly string[];
  /** For a run that nothing can continue: makes its id its own. */
  readonly nonce: string;
}

/** The name under which the receiver keeps this shipper's place: letters, digits, `.`, `_`, `:`, `-`, at most 128. */
export function shipperIdOf({ template, hostname, pid, command, paths, nonce }: IdParts): string {
  const host = hostname.replace(/[^A-Za-z0-9.-]/g, '-').replace(/^[^A-Za-z0-9]+/, '') || 'host';
  if (template !== '')
    return template.replaceAll('{hostname}', host).replaceAll('{pid}', String(pid)).slice(0, 128);
  const suffix =
    command === 'send' || command === 'tail' || command === 'replay'
      ? createHash('sha256').update(paths.join('\0')).digest('hex').slice(0, 12)
      : nonce;
  return `${host.slice(0, 100)}-${command}-${suffix}`;
}
