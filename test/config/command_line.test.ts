import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Command } from 'commander';
import { addOptions } from '../../src/config/command_line.ts';
import { OPTIONS, flagOf, optionsFor } from '../../src/config/options.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';

const ROOT = join(import.meta.dirname, '../..');

/** A program that prints two of its settings. */
const PROGRAM = `
import { addOptions, createProgram, runProgram, settingsOf } from ${JSON.stringify(join(ROOT, 'src/config/command_line.ts'))};
const program = createProgram('test', 'prints two of its settings');
addOptions(program.command('run', { isDefault: true }), 'client').action((_options, command) => {
  const { BATCH_SIZE, BATCH_INTERVAL, SERVER_HOST } = settingsOf(command);
  process.stdout.write([BATCH_SIZE, BATCH_INTERVAL, SERVER_HOST].join(' '));
});
program.command('fail').action(() => { throw new Error('nothing works'); });
await runProgram(program);
`;

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How the program ends in this folder. */
function run(folder: string, args: string[], env: Record<string, string> = {}): Promise<Ended> {
  return new Promise((resolve) => {
    const options = { cwd: folder, env: { PATH: process.env.PATH, ...env } };
    const child = execFile(
      process.execPath,
      ['--input-type=module', '-e', PROGRAM, '--', ...args],
      options,
      (_error, stdout, stderr) => {
        resolve({ code: child.exitCode ?? -1, stdout, stderr });
      },
    );
  });
}

describe('a program takes its settings from', () => {
  test.each([
    ['nowhere: defaults', [], {}, '50 5 0.0.0.0'],
    ['flags', ['--batch-size', '7', '--server-host=example.org'], {}, '7 5 example.org'],
    ['flags that are aliases', ['--batch', '7', '--interval', '250'], {}, '7 0.25 0.0.0.0'],
    ['the environment', [], { BATCH_SIZE: '8' }, '8 5 0.0.0.0'],
    [
      '.env, which the environment goes before',
      [],
      { BATCH_INTERVAL: '1' },
      '9 1 0.0.0.0',
      'BATCH_SIZE=9\nBATCH_INTERVAL=2\n',
    ],
    ['a TOML file named by a flag', ['--config', 'logferry.toml'], {}, '10 5 0.0.0.0'],
    ['a TOML file named by the environment', [], { LOGFERRY_CONFIG: 'logferry.toml' }, '10 5 0.0.0.0'],
  ] as [string, string[], Record<string, string>, string, string?][])(
    '%s',
    async (_, args, env, expected, dotEnv) => {
      await using folder = await temporaryFolder();
      await writeFile(folder.in('logferry.toml'), '[batch]\nsize = 10\n');
      if (dotEnv !== undefined) await writeFile(folder.in('.env'), dotEnv);
      expect(await run(folder.path, args, env)).toEqual({ code: 0, stdout: expected, stderr: '' });
    },
  );
});

describe('a program ends with', () => {
  test.each([
    [
      '2 and all problems, when the configuration is wrong',
      ['--batch-size', '0', '--server-port', 'http'],
      2,
      /2 problems:\n.*SERVER_PORT.*\n.*BATCH_SIZE/,
    ],
    ['2, when a flag is not known', ['--colour', 'blue'], 2, /unknown option '--colour'/],
    ['2, when a flag has no value', ['--batch-size'], 2, /argument missing/],
    ['2, when the file is named by nothing', ['--config', ''], 2, /expected the path of a file/],
    ['1 and a line, when something else fails', ['fail'], 1, /^error: nothing works\n$/],
  ])('%s', async (_, args, code, message) => {
    await using folder = await temporaryFolder();
    const ended = await run(folder.path, args);
    expect(ended).toMatchObject({ code, stdout: '' });
    expect(ended.stderr).toMatch(message);
  });

  test.each(['--version', '--help'])('0, when %s is asked for', async (flag) => {
    await using folder = await temporaryFolder();
    expect(await run(folder.path, [flag])).toMatchObject({ code: 0, stderr: '' });
  });

  test('0, when help of a command is asked for', async () => {
    await using folder = await temporaryFolder();
    const { code, stdout } = await run(folder.path, ['run', '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain('--batch-size <integer>');
  });
});

test.each(['client', 'server'] as const)(
  'the %s has a flag for each of its options, with help that names variable and default',
  (side) => {
    const help = addOptions(new Command(), side).configureHelp({ helpWidth: 10_000 }).helpInformation();
    for (const name of optionsFor(side)) {
      expect(help).toContain(`--${flagOf(name)} <`);
      expect(help).toContain(OPTIONS[name].help);
      expect(help).toContain(`(environment: ${name}, default: `);
    }
    expect(help).toContain('--config <file>');
  },
);
