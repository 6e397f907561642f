import { join } from 'node:path';
import { startProcess, type TestProcess } from './processes.ts';
import { archivedLines } from './receivers.ts';
import { until } from './until.ts';

/** How an application logs: by the library, by pino in its own thread, or by pino's thread. */
export type Way = 'library' | 'stream' | 'transport';

export const WAYS: readonly Way[] = ['library', 'stream', 'transport'];

/** logging_app.ts as a process. */
export interface LoggingApp extends AsyncDisposable {
  readonly process: TestProcess;
  /** Gives an order, and settles when it is done. */
  order(text: string): Promise<Record<string, unknown>>;
  /** Gives an order that ends it, and settles with the exit code. */
  end(text: string): Promise<number | null>;
  /** The number of the last line that is known to be logged. */
  lastLogged(): number;
  /** What it was told of by `onProblem`, or the event. */
  problems(): { readonly code: string; readonly message: string }[];
}

/** Starts an application that logs as run `run`, and waits until its transport is ready. */
export async function startLoggingApp(way: Way, options: object, run = 1): Promise<LoggingApp> {
  const script = join(import.meta.dirname, 'logging_app.ts');
  const running = startProcess(process.execPath, [script, way, JSON.stringify(options), String(run)]);
  const said = (name: string): Record<string, unknown>[] =>
    running.messages().filter((message) => name in message);
  await until(`the application logs by ${way}:\n${running.stderr}`, () => said('ready').length > 0, 60_000);
  return {
    process: running,
    async order(text) {
      const before = said('did').length;
      running.stdin.write(`${text}\n`);
      await until(`${text}: ${running.stderr}`, () => said('did').length > before, 60_000);
      return said('did').at(-1) ?? {};
    },
    async end(text) {
      running.stdin.write(`${text}\n`);
      return running.exited;
    },
    lastLogged: () => Number(said('logged').at(-1)?.logged ?? 0),
    problems: () => said('problem').map(({ problem }) => problem as { code: string; message: string }),
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  };
}

/** The numbers that a run has in the archive, as they lie there. */
export async function archivedNumbers(data: string, run = 1): Promise<number[]> {
  const entries = (await archivedLines(data)).map((line) => JSON.parse(line) as { run: number; n: number });
  return entries.filter((entry) => entry.run === run).map(({ n }) => n);
}
