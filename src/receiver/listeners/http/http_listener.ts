/**
 * The way in by HTTP: events of users, into a buffer.
 *
 *     request ─▶ rate, token ─▶ body (bounded, inflated) ─▶ events, checked ─▶ buffer ─▶ 200
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { IncomingMessage } from 'node:http';
import type { Server as TlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { TLS_MIN_VERSION, checkTlsMaterial, type TlsMaterial } from '../../../base/tls_material.ts';
import type { HttpCounts } from '../../../monitor/http_counts.ts';
import type { Ledger } from '../../../monitor/ledger.ts';
import type { Access } from '../../access.ts';
import type { PeerLog } from '../../peer_log.ts';
import { Connections } from './connections.ts';
import { addRoute, createApp, type HttpAppOptions } from './http_app.ts';
import { HttpProblem } from './http_problem.ts';
import { JSON_TYPE, type HttpRoute } from './http_route.ts';
import type { LogBody } from './log_events.ts';
import { problemOf } from './problem_of.ts';
import { RateLimit, type RateLimitOptions } from './rate_limit.ts';
import { BodyBudget, readBody } from './request_body.ts';

export interface HttpListenerOptions extends HttpAppOptions {
  readonly host: string;
  /** 0 for any free port: `port` then tells which. */
  readonly port: number;
  readonly maxConnections: number;
  readonly maxConnectionsPerAddress: number;
  readonly rateLimit: RateLimitOptions;
}

export interface HttpListenerContext {
  readonly routes: readonly HttpRoute[];
  readonly access: Access;
  readonly ledger: Ledger;
  readonly counts: HttpCounts;
  readonly peers: PeerLog;
}

/** Bodies in memory at once, in bodies of the largest size allowed. */
const LARGEST_BODIES_AT_ONCE = 8;
const LEAST_BUDGET_BYTES = 64 * 1024 * 1024;

/** A stop does not wait longer for requests whose body does not come. */
const STOP_WITHIN_MS = 5000;

/** In place of a status: who asked left before the answer. */
const LEFT = 499;

/** What a body may be, and whether that is NDJSON. */
const BODY_TYPES: readonly (readonly [types: string[], isNdjson: boolean])[] = [
  [['application/json'], false],
  [['application/x-ndjson', 'application/ndjson', 'application/jsonl'], true],
];

export class HttpListener {
  readonly name = 'http';
  readonly #app: FastifyInstance;
  readonly #context: HttpListenerContext;
  readonly #options: HttpListenerOptions;
  readonly #rateLimit: RateLimit;
  readonly #budget: BodyBudget;
  readonly #connections: Connections;

  private constructor(options: HttpListenerOptions, context: HttpListenerContext) {
    this.#options = options;
    this.#context = context;
    this.#rateLimit = new RateLimit(options.rateLimit);
    this.#budget = new BodyBudget(
      Math.max(LEAST_BUDGET_BYTES, LARGEST_BODIES_AT_ONCE * options.maxBodyBytes),
    );
    this.#app = createApp(options);
    const { ledger, peers } = context;
    this.#connections = new Connections(this.#app.server, options, (address, limit, reason) => {
      ledger.error('too_many_connections');
      peers.say(`http ${limit}`, 'warn', { peer: address }, `connection refused: ${reason} (${limit})`);
    });
  }

  /** Listens; rejects where the address can't be had, or the certificate is no use. */
  static async listen(options: HttpListenerOptions, context: HttpListenerContext): Promise<HttpListener> {
    if (options.tls !== undefined) checkTlsMaterial(options.tls);
    const listener = new HttpListener(options, context);
    const app = listener.#app;
    listener.#prepare();
    await app.listen({ host: options.host, port: options.port, backlog: 1024 });
    app.server.on('error', (error) =>
      context.peers.say('http accept', 'error', { err: error }, 'accepting HTTP connections failed'),
    );
    return listener;
  }

  get port(): number {
    return (this.#app.server.address() as AddressInfo).port;
  }

  /** New connections are shown this certificate. Throws, and changes nothing, where it is no use. */
  replaceCertificate(material: TlsMaterial): void {
    checkTlsMaterial(material);
    const server: unknown = this.#app.server;
    (server as TlsServer).setSecureContext({ ...material, minVersion: TLS_MIN_VERSION });
  }

  /** Accepts no more, answers what has been asked, closes the connections. */
  async stop(): Promise<void> {
    const late = setTimeout(() => this.#app.server.closeAllConnections(), STOP_WITHIN_MS);
    try {
      const closed = this.#app.close();
      // Node leaves those open on which nothing was ever asked, and those that had something in hand.
      this.#connections.end();
      await closed;
    } finally {
      clearTimeout(late);
    }
  }

  #prepare(): void {
    const app = this.#app;
    const { counts, routes } = this.#context;
    app.decorateRequest('share', null);
    app.addHook('onRequest', (request, reply, done) => {
      counts.open += 1;
      const { raw } = reply;
      const { socket } = request.raw;
      this.#connections.asked(socket);
      raw.once('close', () => {
        this.#connections.answered(socket);
        counts.open -= 1;
        counts.answered(
          routeOf(request),
          raw.writableFinished ? raw.statusCode : LEFT,
          reply.elapsedTime / 1000,
        );
      });
      done(this.#refusal(request));
    });
    app.removeAllContentTypeParsers();
    for (const [types, isNdjson] of BODY_TYPES)
      app.addContentTypeParser(types, (request: FastifyRequest, payload: IncomingMessage) =>
        this.#read(request, payload, isNdjson),
      );
    app.setErrorHandler((error: Error, request, reply) => this.#answer(error, request, reply));
    app.setNotFoundHandler((request, reply) => this.#answer(notFound(request, routes), request, reply));
    for (const route of routes) addRoute(app, route);
  }

  /** Why this request is not looked into, if so. */
  #refusal(request: FastifyRequest): HttpProblem | undefined {
    if (request.routeOptions.config.isOpen === true) return undefined;
    const retryAfterSeconds = this.#rateLimit.take(request.ip);
    if (retryAfterSeconds > 0)
      return new HttpProblem(
        429,
        { error: 'rate_limited', reason: `too many requests: the next in ${retryAfterSeconds} s` },
        { retryAfterSeconds },
      );
    const { access } = this.#context;
    if (!access.isTokenWanted || access.letsIn(bearerOf(request))) return undefined;
    const reason = 'a token is wanted, as Authorization: Bearer …, and this is none of them';
    return new HttpProblem(401, { error: 'unauthorized', reason });
  }

  async #read(request: FastifyRequest, payload: IncomingMessage, isNdjson: boolean): Promise<LogBody> {
    const share = (request.share = this.#budget.share());
    const { 'content-length': length, 'content-encoding': encoding } = request.headers;
    const bytes = await readBody(payload, {
      maxBytes: this.#options.maxBodyBytes,
      encoding,
      declaredBytes: Number(length ?? 0),
      share,
    });
    this.#context.ledger.bytesIn += bytes.length - 1;
    return { bytes, isNdjson };
  }

  #answer(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    request.share?.give();
    const problem = problemOf(error);
    const { ledger, peers } = this.#context;
    ledger.error(`http_${problem.code}`);
    if (problem.status >= 500) {
      const fields = { peer: request.ip, code: problem.code, err: error };
      const level = problem.status === 500 ? 'error' : 'warn';
      peers.say(
        `http ${problem.code}`,
        level,
        fields,
        `${request.method} ${routeOf(request)}: ${problem.message}`,
      );
    }
    if (problem.retryAfterSeconds !== undefined) reply.header('retry-after', problem.retryAfterSeconds);
    if (problem.status === 401) reply.header('www-authenticate', 'Bearer');
    // What is left of its body is not read.
    if (!request.raw.complete) reply.header('connection', 'close');
    return reply.code(problem.status).type(JSON_TYPE).serializer(JSON.stringify).send(problem.body);
  }
}

function bearerOf({ headers: { authorization } }: FastifyRequest): string | undefined {
  return authorization?.slice(0, 7).toLowerCase() === 'bearer ' ? authorization.slice(7).trim() : undefined;
}

const routeOf = (request: FastifyRequest): string => request.routeOptions.url ?? 'none';

/** 405 where the path is known. */
function notFound({ method, url }: FastifyRequest, routes: readonly HttpRoute[]): HttpProblem {
  const [path = ''] = url.split('?');
  const others = routes.filter((route) => pathPattern(route.url).test(path)).map((route) => route.method);
  return others.length === 0
    ? new HttpProblem(404, {
        error: 'not_found',
        reason: 'there is nothing of this name: /openapi.json lists what there is',
      })
    : new HttpProblem(405, {
        error: 'wrong_method',
        reason: `${method} is not taken here: ${others.join(', ')} is`,
      });
}

const pathPattern = (url: string): RegExp => new RegExp(`^${url.replaceAll(/:\w+/g, '[^/]+')}$`);
