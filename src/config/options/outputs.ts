/** What follows the archive, and where it writes. */
import { boolean, bytes, integer, text, type Kind } from '../kinds.ts';
import { GIB, option } from '../option.ts';

const NAMES = ['csv', 'sqlite', 'text', 'jsonl', 'stats', 'users', 'events'] as const;

/** Names of outputs with commas between them, or none. */
const outputs: Kind<readonly (typeof NAMES)[number][]> = {
  name: 'outputs',
  parse(value) {
    const given = value === '' ? [] : value.split(',').map((one) => one.trim().toLowerCase());
    const known = NAMES.filter((name) => given.includes(name));
    if (known.length !== given.length)
      throw new Error(`expected any of ${NAMES.join(', ')}, with commas between`);
    return known;
  },
};

const file = text('the path of a file', (value) => value !== '' && !value.includes('\0'));

const NAME_IN_TEMPLATE = /\{(?:time|level|service|host|message|tags|rest|shipper|entry|\.[^{}]+)\}/g;

const template = text(
  'text with any of {time}, {level}, {service}, {host}, {message}, {tags}, {rest}, {shipper}, {entry} and {.member} in it',
  (value) => value !== '' && !/[{}]/.test(value.replace(NAME_IN_TEMPLATE, '')),
);

export const OUTPUT_OPTIONS = {
  OUTPUTS: option({
    kind: outputs,
    default: '',
    side: 'server',
    toml: 'outputs.names',
    help: 'What follows the archive, with commas between: csv, sqlite, text, jsonl, stats, users, events. Each has its own thread and position; none holds up the receiver.',
  }),
  OUTPUT_DIR: option({
    kind: text('a folder'),
    default: '.',
    side: 'server',
    toml: 'outputs.dir',
    help: 'Where the files of outputs are, as far as their names leave it open.',
  }),
  CSV_FILE: option({
    kind: file,
    default: 'outputs/logs.csv',
    side: 'server',
    toml: 'outputs.csv_file',
    help: 'The file of the output csv; further ones are logs.000001.csv and so on.',
  }),
  CSV_DEFUSE_FORMULAS: option({
    kind: boolean,
    default: 'false',
    side: 'server',
    toml: 'outputs.csv_defuse_formulas',
    help: "For files that people open in a spreadsheet: put ' before fields that it would take for a formula (= + - @ first). false: fields exactly as they are.",
  }),
  SQLITE_FILE: option({
    kind: file,
    default: 'outputs/logs.db',
    side: 'server',
    toml: 'outputs.sqlite_file',
    help: 'The database of the output sqlite: a table logs.',
  }),
  TEXT_FILE: option({
    kind: file,
    default: 'outputs/logs.log',
    side: 'server',
    toml: 'outputs.text_file',
    help: 'The file of the output text.',
  }),
  TEXT_TEMPLATE: option({
    kind: template,
    default: '{time} {level} {service} {host} {message} {tags}',
    side: 'server',
    toml: 'outputs.text_template',
    help: 'A line of it: also {rest}, {shipper}, {entry} (the JSON as it came), and members by their name behind a dot, {.user.id}.',
  }),
  JSONL_FILE: option({
    kind: file,
    default: 'collected_logs/collected.jsonl',
    side: 'server',
    toml: 'outputs.jsonl_file',
    help: 'The file of the output jsonl: every entry as it came.',
  }),
  OUTPUT_MAX_BYTES: option({
    kind: bytes({ min: 0, max: 1024 * GIB }),
    default: '1GiB',
    side: 'server',
    toml: 'outputs.max_bytes',
    help: 'csv, text, jsonl: past this the next file is begun. 0: one file for ever.',
  }),
  OUTPUT_MAX_FILES: option({
    kind: integer({ min: 0, max: 1_000_000 }),
    default: '0',
    side: 'server',
    toml: 'outputs.max_files',
    help: 'csv, text, jsonl: so many files are kept, the oldest are deleted. 0: all.',
  }),
  RETENTION_HARD_MAX_BYTES: option({
    kind: bytes({ min: 0, max: 1024 * 1024 * GIB }),
    default: '0',
    side: 'server',
    toml: 'archive.retention_hard_max_bytes',
    help: 'What all segments together may take while an output has still to read the oldest; past it they are deleted unread, counted and logged. 0: twice RETENTION_MAX_BYTES. By age it is always twice RETENTION_MAX_AGE.',
  }),
} as const;
