/** What the `events` workload measures: the event store behind its service, on PostgreSQL or on the embedded database. */
import { PostgresServer } from '../test/helpers/postgres_server.ts';
import { SERVER } from './fresh_build.ts';
import { startProcess, type MeasuredProcess } from './measured_process.ts';
import { succeeded } from './product.ts';
import { saidBy } from './said_by.ts';

export interface EventSubject extends AsyncDisposable {
  readonly port: number;
  /** The service's own. */
  readonly pid: number;
  /** Ends it in order. */
  stop(): Promise<void>;
}

export type StartEventSubject = (folder: string, signal: AbortSignal) => Promise<EventSubject>;

/** Both make durable what they answer, as far as each does. */
export const EVENT_SUBJECTS: Readonly<Record<string, StartEventSubject>> = {
  async PostgreSQL(folder, signal) {
    await using stack = new AsyncDisposableStack();
    const postgres = stack.use(await PostgresServer.start({ fsync: true, settings: ['max_wal_size=4GB'] }));
    const subject = stack.use(
      await startService(['--data-dir', folder, '--database-url', postgres.url()], signal),
    );
    const held = stack.move();
    return { ...subject, [Symbol.asyncDispose]: () => held.disposeAsync() };
  },
  PGlite: (folder, signal) => startService(['--data-dir', folder], signal),
};

async function startService(flags: readonly string[], signal: AbortSignal): Promise<EventSubject> {
  const command = [process.execPath, SERVER, 'events', 'serve', '--events-port', '0', ...flags];
  const service: MeasuredProcess = await startProcess(command, signal);
  try {
    const [, port] = await saidBy(service, /"eventsPort":(\d+)/);
    return {
      port: Number(port),
      pid: service.pid,
      async stop() {
        service.kill('SIGTERM');
        succeeded('the service', await service.finished, signal);
      },
      [Symbol.asyncDispose]: () => service[Symbol.asyncDispose](),
    };
  } catch (error) {
    await service[Symbol.asyncDispose]();
    throw error;
  }
}
