/** The examples of docs/PROCESSING.md, run. */
import { readFile, writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import { expect, test } from 'vitest';
import { addOptions, settingsOf } from '../../../src/config/command_line.ts';
import { loadSettings } from '../../../src/config/load.ts';
import { processorRules } from '../../../src/config/processors.ts';
import { pipelineOf } from '../../../src/shipper/processors/pipeline.ts';
import { temporaryFolder } from '../../helpers/temp_folder.ts';

const DOC = await readFile(new URL('../../../docs/PROCESSING.md', import.meta.url), 'utf8');

/** Options, lines in, entries out. */
const EXAMPLES = [...DOC.matchAll(/```\n(--.*)\n((?:[<>] .*\n)+)```/g)].map(
  ([, options = '', lines = '']) => [options, linesWith('<', lines), linesWith('>', lines)] as const,
);

function linesWith(mark: string, text: string): string[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith(mark))
    .map((line) => line.slice(2));
}

/** The words of a command line, with single quotes or without. */
const wordsOf = (line: string): string[] =>
  [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '');

test('there are examples of every processor', () => {
  expect(EXAMPLES.length).toBeGreaterThanOrEqual(12);
  for (const flag of [
    '--parse',
    '--multiline-',
    '--exclude',
    '--min-level',
    '--tag',
    '--add',
    '--drop',
    '--redact',
  ])
    expect(EXAMPLES.some(([options]) => options.includes(flag))).toBe(true);
});

test.each(EXAMPLES)('%s', (options, given, expected) => {
  const program = new Command();
  const command = addOptions(program.command('example'), 'client').action(() => undefined);
  program.parse(['example', ...wordsOf(options)], { from: 'user' });
  const { shaperOf } = pipelineOf({ rules: processorRules(settingsOf(command)), headOf: () => '' });
  const shaper = shaperOf('example');
  const bytes = Buffer.from(given.map((line) => `${line}\n`).join(''));
  const runs = [...shaper.shape({ kind: 'lines', bytes }, 1e6), ...shaper.flush(1e6)];
  const entries = runs.flatMap(({ lines }) => lines.bytes.toString().split('\n').slice(0, -1));
  expect(entries).toEqual(expected);
});

test('the TOML file is one that is taken', async () => {
  await using folder = await temporaryFolder();
  const [, toml = ''] = /```toml\n(.*?)```/s.exec(DOC) ?? [];
  await writeFile(folder.in('rules.toml'), toml);
  const rules = processorRules(loadSettings({ flags: {}, env: {}, file: folder.in('rules.toml') }));
  expect(rules).toMatchObject({
    ...{ parse: 'json', minLevel: 'info', drop: ['password', 'user.pin'], add: [['env', 'prod']] },
    tags: [{ tag: 'auth' }, { tag: 'slow', match: { field: 'message' } }],
  });
});
