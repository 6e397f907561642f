import { Command, InvalidArgumentError, Option as Flag } from 'commander';
import { VERSION } from '../base/version.ts';
import {
  ConfigError,
  loadDotEnv,
  loadSettings,
  showOptions,
  type ConfigSources,
  type ShownOption,
} from './load.ts';
import { OPTIONS, flagOf, optionsFor, type OptionName, type Settings } from './options.ts';

/** A program to add commands to: it throws where commander would exit, so that `runProgram` decides the exit code. */
export function createProgram(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .version(VERSION)
    .configureOutput({ writeErr: (text) => void process.stderr.write(withoutValue(text)) })
    .exitOverride();
}

/**
 * Gives a command `--config` and a flag for each option of a side that is in `names`. The flags are made when the command
 * is called: a start is not to wait for those of all the others.
 */
export function addOptions(
  command: Command,
  side: 'client' | 'server',
  names: readonly OptionName[] = optionsFor(side),
): Command {
  command.option('--config <file>', 'TOML file with options (environment: LOGFERRY_CONFIG)', notEmpty);
  if (command.parent === null) addFlags(command, names);
  command.parent?.hook('preSubcommand', (_parent, called) => {
    if (called === command) addFlags(command, names);
  });
  return command;
}

/** A command may have flags of its own, which are no options, whatever they are called. */
const SETTING_FLAGS = new WeakSet<Flag>();

function addFlags(command: Command, names: readonly OptionName[]): void {
  for (const name of names) {
    const { help, default: preset, kind, aliases = [] } = OPTIONS[name];
    const shown = preset === '' ? 'empty' : preset;
    const takes = kind.name.includes('|') ? 'choice' : kind.name;
    const all = [
      new Flag(`--${flagOf(name)} <${takes}>`, `${help} (environment: ${name}, default: ${shown})`),
      ...aliases.map((alias) => new Flag(`--${alias.flag} <${takes}>`, alias.help)),
    ];
    for (const flag of all) {
      SETTING_FLAGS.add(flag);
      command.addOption(kind.fromValue === undefined ? flag : flag.argParser(gathered));
    }
  }
}

/** The settings for a parsed command: its flags over the environment (and `.env`) over the TOML file, in which `keys` stand for these. Throws ConfigError. */
export const settingsOf = (command: Command, keys: ConfigSources['keys'] = {}): Settings =>
  loadSettings(sourcesOf(command, keys));

/** The options of a receiver as a person may see them, with where each was set, for the same command. */
export const shownOptionsOf = (command: Command, keys: ConfigSources['keys'] = {}): ShownOption[] =>
  showOptions(sourcesOf(command, keys), optionsFor('server'));

function sourcesOf(command: Command, keys: ConfigSources['keys'] = {}): ConfigSources {
  loadDotEnv();
  const given = command.optsWithGlobals<Record<string, string | string[]>>();
  const flags = Object.fromEntries(
    settingFlags(command).flatMap((name) => {
      const text = given[name];
      return text === undefined
        ? []
        : [[name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`), text]];
    }),
  );
  const file = command.optsWithGlobals<{ config?: string }>().config ?? process.env.LOGFERRY_CONFIG;
  return {
    flags,
    env: process.env,
    keys,
    ...(file === undefined || file === '' ? {} : { file }),
  };
}

/** The names under which a command, or the program, takes options. */
const settingFlags = (command: Command): string[] =>
  [...command.options, ...(command.parent?.options ?? [])]
    .filter((flag) => SETTING_FLAGS.has(flag))
    .map((flag) => flag.attributeName());

/** What a flag that may be given several times has been given so far. */
const gathered = (text: string, before: string[] = []): string[] => [...before, text];

/** Runs the program. A configuration that is wrong is told whole and exits 2, any other error is told in a line and exits 1. */
export async function runProgram(program: Command): Promise<void> {
  try {
    needNode(24);
    await program.parseAsync();
  } catch (error) {
    process.exitCode = exitCodeFor(error as Error);
  }
}

/** A flag that is misspelt is told without what it was set to, which may be a secret. */
const withoutValue = (text: string): string =>
  text.replace(/^(error: unknown option '--[^'=]*=).*'/s, "$1***'");

function exitCodeFor(error: Error & { code?: string; exitCode?: number }): number {
  if (error.code?.startsWith('commander.') === true) return error.exitCode === 0 ? 0 : 2;
  process.stderr.write(`error: ${error.message}\n`);
  return error instanceof ConfigError ? 2 : (error.exitCode ?? 1);
}

function needNode(major: number): void {
  if (Number(process.versions.node.split('.')[0]) >= major) return;
  throw new Error(
    `Node.js ${major} or later is needed; this is ${process.versions.node}. In a checkout, npm run brings its own.`,
  );
}

function notEmpty(text: string): string {
  if (text === '') throw new InvalidArgumentError('expected the path of a file');
  return text;
}
