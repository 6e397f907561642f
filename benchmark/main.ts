/** `npm run benchmark`: runs a workload, prints its table, keeps its figures in benchmark/results/<workload>.json. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { stopSignal } from '../src/base/shutdown.ts';
import { describeMachine } from './machine.ts';
import { plot } from './plot/plot.ts';
import type { Workload } from './workload.ts';
import { adaptive } from './workloads/adaptive.ts';
import { codecs } from './workloads/codecs.ts';
import { dashboard } from './workloads/dashboard.ts';
import { events } from './workloads/events.ts';
import { fanIn } from './workloads/fan_in.ts';
import { generate } from './workloads/generate.ts';
import { http } from './workloads/http.ts';
import { idle } from './workloads/idle.ts';
import { jetstream } from './workloads/jetstream.ts';
import { latency } from './workloads/latency.ts';
import { peers } from './workloads/peers.ts';
import { plain } from './workloads/plain.ts';
import { publish } from './workloads/publish.ts';
import { query } from './workloads/query.ts';
import { scale } from './workloads/scale.ts';
import { scaleOut } from './workloads/scale_out.ts';
import { ship } from './workloads/ship.ts';
import { start } from './workloads/start.ts';
import { thrift } from './workloads/thrift.ts';

const WORKLOADS: readonly Workload[] = [
  codecs,
  ship,
  latency,
  fanIn,
  scale,
  idle,
  start,
  generate,
  adaptive,
  plain,
  http,
  query,
  dashboard,
  thrift,
  events,
  jetstream,
  publish,
  scaleOut,
  peers,
];

const RESULTS = join(import.meta.dirname, 'results');
const FIGURES = join(import.meta.dirname, '..', 'docs', 'figures');

/** How long ending what runs may take after Ctrl-C. */
const END_WITHIN_MS = 10_000;

const EXIT_CODES: Readonly<Record<string, number>> = { SIGINT: 130, SIGTERM: 143 };

interface Flags {
  readonly results: string;
  readonly only?: readonly string[];
}

const signal = stopSignal(END_WITHIN_MS, () =>
  process.stderr.write('error: what was running did not end in time\n'),
);

const program = new Command('benchmark')
  .description('Measures Logferry on this machine. Without a workload: all of them, in modest size.')
  .usage('[workload] [options]')
  .showHelpAfterError('(`npm run benchmark -- --help` lists the workloads)')
  .exitOverride();

program
  .command('all')
  .description('all workloads, in modest size (the default)')
  .option('--results <folder>', 'where the JSON goes', RESULTS)
  .action(async ({ results }: Flags) => {
    for (const workload of WORKLOADS) {
      await run(
        workload,
        mapped(workload, ({ modest }) => modest),
        { results },
      );
    }
    process.stdout.write('\nBars are for the sizes that a workload has by itself: here they are a hint.\n');
  });

for (const workload of WORKLOADS) {
  const command = program.command(workload.name).description(workload.summary);
  for (const [name, setting] of Object.entries(workload.settings)) {
    command.option(`--${name} <number>`, setting.help, wholeNumber, setting.default);
  }
  command
    .option('--only <names>', `some of: ${workload.alternatives.join(', ')}`, (names: string) =>
      someOf(names, workload.alternatives),
    )
    .option('--results <folder>', 'where the JSON goes', RESULTS)
    .action((flags: Flags & Readonly<Record<string, number>>) =>
      run(
        workload,
        mapped(workload, (_setting, name) => flags[name] ?? 0),
        flags,
      ),
    );
}

program
  .command('plot')
  .description('draws the figures of docs/PERFORMANCE.md from the results')
  .option('--results <folder>', 'where the JSON is', RESULTS)
  .option('--figures <folder>', 'where the figures go', FIGURES)
  .action(async ({ results, figures }: { results: string; figures: string }) => {
    for (const path of await plot(results, figures)) process.stdout.write(`${path}\n`);
  });

async function run(
  workload: Workload,
  settings: Record<string, number>,
  { results, only }: Flags,
): Promise<void> {
  const machine = await describeMachine();
  const at = new Date().toISOString();
  const isWanted = (name: string): boolean => only === undefined || only.includes(name);
  const progress = (text: string): boolean => process.stderr.write(`${text}\n`);
  const { text, results: figures } = await workload.run(settings, { signal, isWanted, progress });
  signal.throwIfAborted();
  process.stdout.write(`\n${workload.name}: ${workload.summary}\n${text}\n`);
  await mkdir(results, { recursive: true });
  const path = join(results, `${workload.name}.json`);
  await writeFile(
    path,
    `${JSON.stringify({ workload: workload.name, at, machine, settings, ...figures }, undefined, 2)}\n`,
  );
  process.stdout.write(`kept in ${path}\n`);
}

function mapped(
  { settings }: Workload,
  value: (setting: Workload['settings'][string], name: string) => number,
): Record<string, number> {
  return Object.fromEntries(Object.entries(settings).map(([name, setting]) => [name, value(setting, name)]));
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('expected a whole number from 1');
  return Number(text);
}

function someOf(text: string, names: readonly string[]): string[] {
  const wanted = text.split(',').map((name) => name.trim());
  const unknown = wanted.filter((name) => !names.includes(name));
  if (unknown.length > 0)
    throw new InvalidArgumentError(`there is no ${unknown.join(', ')}; there are ${names.join(', ')}`);
  return wanted;
}

function exitCodeFor(error: Error & { code?: string; exitCode?: number }): number {
  if (signal.aborted) return EXIT_CODES[(signal.reason as Error).message] ?? 1;
  if (error.code?.startsWith('commander.') === true) return error.exitCode === 0 ? 0 : 2;
  process.stderr.write(`error: ${error.message}\n`);
  return 1;
}

try {
  const given = process.argv.slice(2);
  await program.parseAsync(given.length === 0 ? ['all'] : given, { from: 'user' });
} catch (error) {
  process.exitCode = exitCodeFor(error as Error);
}
