/** A dashboard over a receiver of this process, as `serve` puts it together. */
import { openDashboard, type ConfigurationRow } from '../../src/dashboard/dashboard.ts';
import { Ledger } from '../../src/monitor/ledger.ts';
import { Live } from '../../src/monitor/live.ts';
import { ProcessFigures } from '../../src/monitor/process_figures.ts';
import { startMonitorServer } from '../../src/monitor/server/monitor_server.ts';
import type { Receiver } from '../../src/receiver/receiver.ts';
import { silentLog } from './logs.ts';

export interface DashboardWishes {
  readonly receiver?: Receiver;
  /** The archive, if there is one. */
  readonly folder?: string;
  readonly token?: string;
  readonly port?: number;
  readonly maxViewers?: number;
  readonly configuration?: readonly ConfigurationRow[];
}

export interface TestDashboard extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
}

export async function startDashboard(wishes: DashboardWishes): Promise<TestDashboard> {
  const { receiver, folder, token, port = 0, maxViewers = 100, configuration = [] } = wishes;
  await using opened = new AsyncDisposableStack();
  const live = opened.use(
    new Live({
      ledger: receiver?.ledger ?? new Ledger(),
      health: () => receiver?.health ?? { state: 'ok' },
      archive: () => undefined,
      process: opened.use(new ProcessFigures()),
    }),
  );
  const pages = opened.use(
    await openDashboard({
      ...{ maxViewers, live, configuration, log: silentLog },
      ...(folder === undefined ? {} : { folder }),
      ...(token === undefined ? {} : { token }),
    }),
  );
  const server = opened.use(
    await startMonitorServer({
      ...{ host: '127.0.0.1', port, routes: pages.routes, guard: pages.guard, log: silentLog },
    }),
  );
  const held = opened.move();
  return {
    port: server.port,
    url: `http://127.0.0.1:${server.port}`,
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}
