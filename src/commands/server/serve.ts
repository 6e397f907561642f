/** `serve`, `http` and `thrift`: the commands that receive. What they need is loaded when one is called. */
import type { Command } from 'commander';
import { needPackage } from '../../base/optional_package.ts';
import { addOptions, settingsOf, shownOptionsOf } from '../../config/command_line.ts';
import type { ShownOption } from '../../config/load.ts';
import { optionsFor, type OptionName } from '../../config/options.ts';

/** Adds `serve`, which is what the program does where no command is named. */
export function addServe(program: Command): void {
  addOptions(
    program.command('serve', { isDefault: true }).description('receive and archive (the default)'),
    'server',
  ).action(async (_options: unknown, command: Command) => {
    const { serve } = await import('./serving/serve.ts');
    await serve(settingsOf(command), {
      shownOptions: () => shownOptionsOf(command),
    });
  });
}

/** In their file the server is that of HTTP. */
const HTTP_KEYS = {
  'server.host': 'HTTP_HOST',
  'server.port': 'HTTP_PORT',
} as const;

/** Adds `http`. */
export function addHttp(program: Command): void {
  addOptions(
    program.command('http').description('take events of users by HTTP, and nothing else'),
    'server',
    allBut('SERVER_HOST', 'SERVER_PORT', 'HTTP_ENABLED'),
  ).action(async (_options: unknown, command: Command) => {
    const { isArchiveUsed } = await import('../../tools/http_settings.ts');
    const settings = { ...settingsOf(command, HTTP_KEYS), HTTP_ENABLED: true };
    const shownOptions = (): ShownOption[] => shownOptionsOf(command, HTTP_KEYS);
    if (isArchiveUsed(settings)) {
      const { serve } = await import('./serving/serve.ts');
      return serve(settings, { isTcpWanted: false, shownOptions });
    }
    needPackage('redis', 'HTTP_BUFFER=redis');
    const { serveFromRedis } = await import('../../tools/serve_from_redis.ts');
    await serveFromRedis(settings, shownOptions);
  });
}

/** Adds `thrift`. */
export function addThrift(program: Command): void {
  addOptions(
    program.command('thrift').description('take log entries by Thrift, and nothing else'),
    'server',
    allBut('SERVER_HOST', 'SERVER_PORT', 'THRIFT_ENABLED'),
  ).action(async (_options: unknown, command: Command) => {
    const { serve } = await import('./serving/serve.ts');
    const settings = {
      ...settingsOf(command),
      THRIFT_ENABLED: true,
      HTTP_ENABLED: false,
    };
    await serve(settings, {
      isTcpWanted: false,
      shownOptions: () => shownOptionsOf(command),
    });
  });
}

const allBut = (...names: OptionName[]): OptionName[] =>
  optionsFor('server').filter((name) => !names.includes(name));
