/**
 * The dashboard: a page, and what it asks for. It reads the archive by its files alone, in threads of its own, so that the
 * receiver does not wait for whoever looks.
 *
 *     live figures ─▶ viewers ─▶ server-sent events ─▶ page
 *     archive ─▶ sampler (a thread) ─┘
 *     archive ─▶ search (a thread a search) ─▶ page
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from '../base/logger.ts';
import type { Live } from '../monitor/live.ts';
import type { MonitorGuard } from '../monitor/server/guard.ts';
import { sendJson, type MonitorRoute } from '../monitor/server/monitor_server.ts';
import { DashboardError } from './dashboard_error.ts';
import { filterOf } from './entry_filter.ts';
import { figuresOf, historyOf } from './figures.ts';
import { loginRoutes } from './login_routes.ts';
import { readPageFiles, sendPageFile } from './page_files.ts';
import { Searches } from './searches.ts';
import { sessionGuard } from './session_cookie.ts';
import { placeOf, storedEntries } from './stored_entry.ts';
import { Viewers } from './viewers.ts';
import { WrongTokens } from './wrong_tokens.ts';

/** One option as the page shows it. */
export interface ConfigurationRow {
  readonly name: string;
  /** Hidden where it is a secret. */
  readonly value: string;
  /** `default`, `environment`, a flag, or the file. */
  readonly where: string;
  readonly help: string;
}

export interface DashboardOptions {
  /** The archive; left out where there is none: then there is neither tail nor search. */
  readonly folder?: string;
  /** Whoever shows it may look; everybody where it is left out. */
  readonly token?: string;
  /** How many pages may be open at once. */
  readonly maxViewers: number;
  readonly live: Live;
  readonly configuration: readonly ConfigurationRow[];
  readonly log: Logger;
}

/** What a monitor server needs to serve it. Disposing of it ends streams and searches. */
export interface Dashboard extends AsyncDisposable {
  readonly routes: readonly MonitorRoute[];
  readonly guard: MonitorGuard;
}

/** Reads the page's files; nothing else is done before somebody looks. */
export async function openDashboard(options: DashboardOptions): Promise<Dashboard> {
  const { folder, token, live, configuration } = options;
  const files = await readPageFiles();
  const wrong = new WrongTokens();
  const guard = sessionGuard(token, wrong);
  const archive = folder === undefined ? undefined : openArchivePages(folder, options.log);
  const viewers: Viewers = new Viewers({
    ...options,
    history: () => historyOf(live),
    figures: () => figuresOf(live, viewers.count),
  });
  const page = (path: string, request: IncomingMessage, response: ServerResponse): void => {
    const file = files.get(path);
    if (file === undefined) throw new DashboardError('not_found', 'there is no such file');
    sendPageFile(file, request, response);
  };
  const routes: MonitorRoute[] = [
    { method: 'GET', path: '/', isOpen: true, handle: (request, response) => page('/', request, response) },
    {
      method: 'GET',
      path: '/page/',
      isOpen: true,
      handle: (request, response) => page(request.url?.split('?')[0] ?? '', request, response),
    },
    ...loginRoutes(token, { guard, wrong, hasArchive: archive !== undefined }),
    {
      method: 'GET',
      path: '/api/events',
      handle(request, response, query) {
        if (request.method === 'HEAD')
          throw new DashboardError('wrong_method', 'a stream has no end to wait for');
        viewers.add(filterOf(query), response);
      },
    },
    ...(archive?.routes ?? []),
    {
      method: 'GET',
      path: '/api/configuration',
      handle: (_request, response) => sendJson(response, 200, configuration),
    },
  ];
  return {
    routes: routes.map(answeringProblems),
    guard,
    async [Symbol.asyncDispose]() {
      await archive?.searches[Symbol.asyncDispose]();
      await viewers[Symbol.asyncDispose]();
    },
  };
}

/** What is answered out of the archive. */
function openArchivePages(folder: string, log: Logger): { routes: MonitorRoute[]; searches: Searches } {
  const searches = new Searches(folder, log);
  const readEntry = storedEntries(folder);
  const routes: MonitorRoute[] = [
    {
      method: 'GET',
      path: '/api/entry',
      handle: async (_request, response, query) => sendJson(response, 200, await readEntry(placeOf(query))),
    },
    {
      method: 'GET',
      path: '/api/search',
      handle: (_request, response, query) => searches.answer(query, response),
    },
  ];
  return { routes, searches };
}

/** Requests that are wrong get JSON that says why; a page from elsewhere gets nothing to run on. */
function answeringProblems(route: MonitorRoute): MonitorRoute {
  return {
    ...route,
    async handle(request, response, query) {
      try {
        if (route.path !== '/') refuseOtherSites(request);
        await route.handle(request, response, query);
      } catch (error) {
        if (!(error instanceof DashboardError) || response.headersSent) throw error;
        sendJson(response, error.status, { error: error.code, reason: error.message });
      }
    },
  };
}

/** Browsers say of which site the page is that asks; programs say nothing. */
function refuseOtherSites({ headers }: IncomingMessage): void {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none')
    throw new DashboardError('forbidden', 'this is answered to its own page alone');
}
