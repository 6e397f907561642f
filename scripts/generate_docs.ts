/** Writes `.env.example`, `config.toml.example`, docs/OPTIONS.md and the table in the README from the option table, docs/METRICS.md from those of metrics; with `--check` it only says whether they are as they should be. */
import { readFile, writeFile } from 'node:fs/promises';
import { camelCase, libraryRows } from '../src/config/library.ts';
import type { Side } from '../src/config/option.ts';
import { metricsDoc } from './metrics_doc.ts';
import { OPTIONS, OPTION_NAMES, flagOf, type OptionName } from '../src/config/options.ts';

/** The generated files, by path; `readme` is the README as it is. */
export function generatedFiles(readme: string): Record<string, string> {
  const [before, after] = [readme.split(MARK_START)[0], readme.split(MARK_END)[1]];
  return {
    '.env.example': envExample(),
    'config.toml.example': tomlExample(),
    'docs/OPTIONS.md': optionsTable(),
    'docs/LIBRARY_OPTIONS.md': libraryTable(),
    'docs/METRICS.md': metricsDoc(),
    'README.md': `${before}${MARK_START}\n${firstOptions()}${MARK_END}${after}`,
  };
}

const MARK_START = '<!-- options -->';
const MARK_END = '<!-- /options -->';

/** The options a new user meets first. */
const FIRST: readonly OptionName[] = [
  'SERVER_HOST',
  'SERVER_PORT',
  'BATCH_SIZE',
  'BATCH_INTERVAL',
  'COMPRESSION_ENABLED',
  'COMPRESSION_ALGORITHM',
  'COMPRESSION_LEVEL',
  'BYPASS_THRESHOLD',
  'ADAPTIVE_ENABLED',
  'ADAPTIVE_MIN_LEVEL',
  'ADAPTIVE_MAX_LEVEL',
  'ADAPTIVE_CHECK_INTERVAL',
  'LOG_RATE',
  'RUN_TIME',
  'DELIVERY',
  'SHIPPER_ID',
  'DATA_DIR',
  'SEGMENT_MAX_BYTES',
  'ARCHIVE_FORMAT',
  'FSYNC',
];

function firstOptions(): string {
  const rows = FIRST.map(
    (name) =>
      `| \`${name}\` | ${OPTIONS[name].default === '' ? '' : `\`${OPTIONS[name].default}\``} | ${OPTIONS[name].help} |`,
  );
  return `\n| option | default | what it does |\n|---|---|---|\n${rows.join('\n')}\n\n`;
}

const SIDES: Readonly<Record<Side, string>> = { both: 'Both', server: 'Receiver', client: 'Shipper' };

const namesOf = (side: Side): OptionName[] => OPTION_NAMES.filter((name) => OPTIONS[name].side === side);

function envExample(): string {
  const sections = (Object.keys(SIDES) as Side[]).map((side) => {
    const rows = namesOf(side).map(
      (name) => `# ${OPTIONS[name].help}\n# ${OPTIONS[name].kind.name}\n#${name}=${OPTIONS[name].default}\n`,
    );
    return `## ${SIDES[side]}\n\n${rows.join('\n')}`;
  });
  return `# Copy to .env and uncomment what you want to change. Made from src/config/options.ts.\n\n${sections.join('\n')}`;
}

/** Uncommented it says what is so without it. */
function tomlExample(): string {
  const sections = new Map<string, string[]>([['', []]]);
  for (const name of OPTION_NAMES) {
    const { toml, help, kind, default: preset } = OPTIONS[name];
    const [key = '', section = ''] = toml.split('.').reverse();
    const rows = sections.get(section) ?? [];
    sections.set(section, rows);
    rows.push(
      `# ${help}\n# ${name}: ${kind.name}\n#${key} = ${tomlValue(preset, kind.fromValue !== undefined)}\n`,
    );
  }
  const texts = [...sections].map(([section, rows]) =>
    section === '' ? rows.join('\n') : `[${section}]\n\n${rows.join('\n')}`,
  );
  return `# Copy, uncomment what you want to change, and name the file with --config or LOGFERRY_CONFIG. Made from src/config/options.ts.\n# In the file of the commands http and drain, [server] may hold host and port of HTTP.\n\n${texts.join('\n')}`;
}

function tomlValue(preset: string, takesMore: boolean): string {
  if (takesMore && preset === '') return '[]';
  return /^(?:true|false|\d+(?:\.\d+)?)$/.test(preset) ? preset : JSON.stringify(preset);
}

function optionsTable(): string {
  const sections = (Object.keys(SIDES) as Side[]).map((side) => {
    const rows = namesOf(side).map((name) => {
      const { help, kind, toml, aliases = [], default: preset } = OPTIONS[name];
      const flags = [flagOf(name), ...aliases.map(({ flag }) => flag)]
        .map((flag) => `\`--${flag}\``)
        .join(', ');
      return `| \`${name}\` | ${flags} | \`${toml}\` | ${kind.name.replaceAll('|', '\\|')} | ${preset === '' ? '' : `\`${preset}\``} | ${help.replaceAll('|', '\\|')} |`;
    });
    return `## ${SIDES[side]}\n\n| environment | flag | TOML | kind | default | what it does |\n|---|---|---|---|---|---|\n${rows.join('\n')}\n`;
  });
  return `# Options

Made from \`src/config/options.ts\`; \`--help\` and \`.env.example\` say the same.

A flag wins over the environment (and \`.env\` in the current folder), that over the TOML file (\`--config FILE\` or
\`LOGFERRY_CONFIG\`), that over the default. A value that can't be used stops the start with exit code 2, and every
problem is listed, not just the first. Bytes may be written \`65536\`, \`64KiB\` or \`5MiB\`.
\`--interval\` is \`BATCH_INTERVAL\` in milliseconds.

${sections.join('\n')}`;
}

function libraryTable(): string {
  const rows = libraryRows().map(([name, { kind, default: preset, help }]) => {
    const cells = [`\`${camelCase(name)}\``, kind.name, preset === '' ? '' : `\`${preset}\``, help];
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  });
  return `# Options of the library

Made from \`src/config/library.ts\`: what \`createShipper\` and \`logferry/pino\` take ([LIBRARY.md](LIBRARY.md)). Each has the name
and meaning of the variable in [OPTIONS.md](OPTIONS.md), in camelCase; \`host\` and \`port\` are short for \`serverHost\` and \`serverPort\`. Times
are in seconds, sizes in bytes or as \`'64MiB'\`. The environment is not read.

| option | kind | default | what it does |
|---|---|---|---|
${rows.join('\n')}
`;
}

const isMain = process.argv[1]?.endsWith('generate_docs.ts') === true;
if (isMain) {
  for (const [path, text] of Object.entries(generatedFiles(await readFile('README.md', 'utf8')))) {
    if (!process.argv.includes('--check')) await writeFile(path, text);
    else if ((await readFile(path, 'utf8').catch(() => '')) !== text) {
      process.stderr.write(`${path} is not what the tables in src/ say: run npm run docs\n`);
      process.exitCode = 1;
    }
  }
}
