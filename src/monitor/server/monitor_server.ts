/**
 * Where a process is looked at: a small HTTP server for figures, probes and pages. It serves people and scrapers, a few
 * at a time, and is loaded only where it is asked for.
 *
 *     request ─▶ Host (loopback: ours alone) ─▶ route ─▶ guard ─▶ handle
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from '../../base/logger.ts';
import { openGuard, type MonitorGuard } from './guard.ts';
import { isHostAllowed } from './host_check.ts';

/** Something the server answers. */
export interface MonitorRoute {
  /** HEAD is answered where GET is. */
  readonly method: 'GET' | 'POST';
  /** The whole path as it is sent, `/metrics`; or, with a `/` at its end, all that begins with it and has no route of its own. */
  readonly path: string;
  /** Answered without a token. */
  readonly isOpen?: boolean;
  /** Writes the whole answer, now or later. What it throws is logged and answered with 500. */
  handle(request: IncomingMessage, response: ServerResponse, query: URLSearchParams): void | Promise<void>;
}

export interface MonitorServerOptions {
  readonly host: string;
  /** 0 for any free port: `port` then tells which. */
  readonly port: number;
  readonly routes: readonly MonitorRoute[];
  /** Who may ask for what is not open; everybody where it is left out. */
  readonly guard?: MonitorGuard;
  readonly log: Logger;
}

export interface MonitorServer extends AsyncDisposable {
  readonly port: number;
  /** `http://127.0.0.1:8080` */
  readonly url: string;
}

/** People, scrapers and their pages' streams: past this connections are dropped. */
const MAX_CONNECTIONS = 256;

/** A request is there as a whole by then; its answer may take as long as it likes. */
const REQUEST_TIMEOUT_MS = 10_000;

const MAX_HEAD_BYTES = 16 * 1024;

/** What every answer says to a browser, unless its route says otherwise: it is text, show it as such, keep nothing, run nothing. */
const HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const;

/** Listens; rejects where the address can't be had. Disposing of it closes all connections, also those that stream. */
export async function startMonitorServer(options: MonitorServerOptions): Promise<MonitorServer> {
  const server = createServer(
    {
      headersTimeout: REQUEST_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      maxHeaderSize: MAX_HEAD_BYTES,
    },
    (request, response) => void answer(request, response, options),
  );
  server.maxConnections = MAX_CONNECTIONS;
  server.listen({ host: options.host, port: options.port });
  await once(server, 'listening');
  server.on('error', (error) => options.log.error({ err: error }, `the monitor: ${error.message}`));
  const { port } = server.address() as AddressInfo;
  const name = options.host.includes(':') ? `[${options.host}]` : options.host;
  return {
    port,
    url: `http://${name}:${port}`,
    [Symbol.asyncDispose]: () => close(server),
  };
}

async function close(server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { host, routes, guard = openGuard, log }: MonitorServerOptions,
): Promise<void> {
  const [path = '', search = ''] = (request.url ?? '').split('?', 2);
  try {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
    const known = routesFor(path, routes);
    const route = known.find(({ method }) => method === (request.method === 'HEAD' ? 'GET' : request.method));
    if (!isHostAllowed(host, request.headers.host)) sendText(response, 421, NOT_OURS);
    else if (route === undefined) refuse(response, known);
    else if (route.isOpen !== true && !guard.letsIn(request)) await guard.refuse(request, response);
    else await route.handle(request, response, new URLSearchParams(search));
  } catch (error) {
    const asked = JSON.stringify(path.slice(0, 200));
    log.error({ err: error }, `the monitor could not answer ${asked}: ${(error as Error).message}`);
    if (response.headersSent) response.destroy();
    else sendText(response, 500, 'this could not be answered: the log says why\n');
  }
}

const NOT_OURS = 'the name asked for is not one of this machine itself, on which alone this listens\n';

/** No such path, or, where it has other methods, not this one. */
function refuse(response: ServerResponse, others: readonly MonitorRoute[]): void {
  const taken = others.map(({ method }) => method).join(', ');
  if (taken === '') {
    sendText(response, 404, 'there is nothing of this name\n');
    return;
  }
  response.setHeader('allow', taken);
  sendText(response, 405, `what is taken here: ${taken}\n`);
}

/** The routes of a path: its own, else those of the longest beginning. */
function routesFor(path: string, routes: readonly MonitorRoute[]): readonly MonitorRoute[] {
  const own = routes.filter((route) => route.path === path);
  if (own.length > 0) return own;
  const under = routes.filter(
    (route) => route.path.endsWith('/') && route.path !== '/' && path.startsWith(route.path),
  );
  const longest = Math.max(0, ...under.map((route) => route.path.length));
  return under.filter((route) => route.path.length === longest);
}

/** Answers with plain text. */
export function sendText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(text);
}

/** Answers with JSON. */
export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}
