/** The flags of a query, for the commands that take one. */
import type { Command } from 'commander';
import type { QueryOptions } from '../../query/query.ts';

/** What a command line says of a query. */
export interface QueryFlags extends QueryOptions {
  readonly level?: readonly string[];
  readonly service?: readonly string[];
  readonly tag?: readonly string[];
  readonly field?: readonly string[];
}

const gathered = (text: string, before: string[] = []): string[] => [...before, text];

/** Adds the flags that say which entries are wanted. */
export const withQueryFlags = (command: Command): Command =>
  command
    .option(
      '--since <time>',
      'from this time on: 15m, 2h, 3d (ago), ISO 8601 (UTC where it names no zone), or seconds or milliseconds since 1970',
    )
    .option('--until <time>', 'before this time')
    .option(
      '--level <level>',
      'of this level; warn+ is it and all that are graver. Several: any of them',
      gathered,
    )
    .option(
      '--service <name>',
      "of this service; * stands for anything: 'pay*'. Several: any of them",
      gathered,
    )
    .option('--tag <tag>', 'with this tag; * stands for anything. Several: all of them', gathered)
    .option(
      '--field <name=value>',
      'with this member, as it is written: user_id=42, user.id=42; * in the value stands for anything. Several: all of them',
      gathered,
    )
    .option('--grep <regex>', 'whose line, as it is stored, matches this regular expression (RE2)')
    .option('-i, --ignore-case', 'of --grep: capitals and small letters are the same')
    .option('--shipper <id>', 'that this shipper sent (plain peers: @plain)');
