/** `events …`: the commands of the event store. What they need is loaded when one is called. */
import type { Command } from 'commander';
import { addOptions, settingsOf } from '../../config/command_line.ts';
import { ConfigError } from '../../config/load.ts';
import type { OptionName } from '../../config/options.ts';
import { needPackage } from '../../base/optional_package.ts';
import { stopSignal } from '../../base/shutdown.ts';
import { STORE_OPTION_NAMES } from '../../tools/output_settings.ts';
import type { AppendFlags } from '../../tools/events/append.ts';
import type { Events } from '../../tools/events/events.ts';
import type { ReadFlags, ReplayFlags, StateFlags } from '../../tools/events/print.ts';

/** Those that matter where a service is asked. */
const SERVICE_OPTIONS: readonly OptionName[] = [
  'AUTH_TOKEN',
  'AUTH_TOKEN_FILE',
  'TLS_ENABLED',
  'TLS_SERVER_NAME',
  'TLS_CERT',
  'TLS_KEY',
  'TLS_CA',
];

/** Those of a listener. */
const SERVE_OPTIONS: readonly OptionName[] = [
  ...STORE_OPTION_NAMES,
  'EVENTS_HOST',
  'EVENTS_PORT',
  'THRIFT_MAX_MESSAGE_BYTES',
  'THRIFT_MAX_STRING_BYTES',
  'THRIFT_MAX_ELEMENTS',
  'THRIFT_MAX_DEPTH',
  'THRIFT_IDLE_TIMEOUT',
  'FRAME_TIMEOUT',
  'MAX_CONNECTIONS',
  'MAX_CONNECTIONS_PER_ADDRESS',
  'AUTH_TOKENS',
  'AUTH_TOKENS_FILE',
  'TLS_CERT',
  'TLS_KEY',
  'TLS_CA',
  'LOG_LEVEL',
  'SHUTDOWN_TIMEOUT',
];

const OPTIONS: readonly OptionName[] = [...STORE_OPTION_NAMES, ...SERVICE_OPTIONS];

/** Adds them to the receiver's program. */
export function addEventCommands(program: Command): void {
  const group = program
    .command('events')
    .description('the event store: append events, read them, and make states of them');
  addOptions(
    group.command('serve').description('offer the event store by Thrift, and nothing else'),
    'server',
    SERVE_OPTIONS,
  ).action(async (_flags: unknown, called: Command) => {
    needPackage('thrift', 'events serve');
    const { serveEvents } = await import('../../tools/events/serve_events.ts');
    await serveEvents(settingsOf(called));
  });
  addWriting(group);
  addReading(group);
  addChecking(group);
  addGranting(group);
}

function addWriting(group: Command): void {
  command(group, 'append [payload]', 'append one event of --type, or those on standard input, JSON a line')
    .option('--type <type>', 'what kind of event it is')
    .option('--id <id>', 'who it is: the same once more is nothing new; made up where it is left out')
    .option('--time <time>', 'when it happened (ISO 8601, or 15m, 2h, 1d ago); now where it is left out')
    .option('--stream <name>', 'as the next of this stream')
    .option('--expect <version>', 'only if the stream holds so many events now')
    .action(async (payload: string | undefined, flags: AppendFlags, called: Command) => {
      const { append } = await import('../../tools/events/append.ts');
      await withEvents(called, (events) => append(events, payload, flags, process.stdin, process.stdout));
    });
}

function addReading(group: Command): void {
  command(group, 'read', 'print events in their order, JSON a line')
    .option('--after <position>', 'those behind this position')
    .option('--limit <count>', 'so many at most (100); 0: all there are')
    .option('--type <type>', 'only those of this type')
    .action(async (flags: ReadFlags, called: Command) => {
      const { printEvents } = await import('../../tools/events/print.ts');
      await withEvents(called, (events) => printEvents(events, flags, process.stdout));
    });
  command(group, 'tail', 'print events as they come')
    .option('--after <position>', 'those behind this position too, that are there already')
    .action(async ({ after }: ReadFlags, called: Command) => {
      const { tailEvents } = await import('../../tools/events/print.ts');
      const stop = stopSignal(settingsOf(called).SHUTDOWN_TIMEOUT * 1000, () => undefined);
      await withEvents(called, (events) => tailEvents(events, after, stop, process.stdout));
    });
  command(group, 'replay', 'print the events of a range, ends included')
    .option('--first <position>', 'from this position on')
    .option('--last <position>', 'up to this one')
    .option('--since <time>', 'only those that happened then or later')
    .option('--until <time>', 'only those that happened then or earlier')
    .action(async (flags: ReplayFlags, called: Command) => {
      const { replayEvents } = await import('../../tools/events/print.ts');
      await withEvents(called, (events) => replayEvents(events, flags, process.stdout));
    });
  command(group, 'state <projection>', 'print the state that a projection makes of all events')
    .option('--at <time>', 'as it was then, by the times of events')
    .option('--position <position>', 'as it was right after the event of this position')
    .action(async (projection: string, flags: StateFlags, called: Command) => {
      const { printState } = await import('../../tools/events/print.ts');
      await withEvents(called, (events) => printState(events, projection, flags, process.stdout));
    });
}

function addChecking(group: Command): void {
  command(
    group,
    'verify',
    'hold all events to their numbers and hashes; exit 1 where one is missing or was changed',
  )
    .option('--json', 'as JSON')
    .action(async ({ json }: { json?: true }, called: Command) => {
      const { verifyEvents } = await import('../../tools/events/print.ts');
      await withEvents(called, async (events) => {
        process.exitCode = await verifyEvents(events, json === true, process.stdout);
      });
    });
  command(group, 'rebuild <projection>', 'make the state of a projection anew, of all events').action(
    async (projection: string, _flags: unknown, called: Command) => {
      await withEvents(called, async (events) => {
        const position = await events.rebuild(projection);
        process.stdout.write(`${JSON.stringify({ projection, position })}\n`);
      });
    },
  );
}

function addGranting(group: Command): void {
  addOptions(
    group
      .command('grant <role>')
      .description('let a role of PostgreSQL append, read and consume, and change nothing that is stored'),
    'server',
    ['DATABASE_URL'],
  ).action(async (role: string, _flags: unknown, called: Command) => {
    const { DATABASE_URL } = settingsOf(called);
    if (DATABASE_URL === '')
      throw new ConfigError(['events grant needs DATABASE_URL: that of the tables’ owner']);
    const { grantRole } = await import('../../events/grant_role.ts');
    await grantRole(DATABASE_URL, role);
  });
}

/** A command that works on the store, or by a service. */
const command = (group: Command, name: string, description: string): Command =>
  addOptions(group.command(name).description(description), 'server', OPTIONS).option(
    '--server <address>',
    'ask the service at this host:port; else the store itself is opened (DATABASE_URL, or DATA_DIR/events)',
  );

async function withEvents(called: Command, work: (events: Events) => Promise<void>): Promise<void> {
  const { openEvents } = await import('../../tools/events/open_events.ts');
  await using events = await openEvents(settingsOf(called), called.opts<{ server?: string }>().server);
  await work(events);
}
