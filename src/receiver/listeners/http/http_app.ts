/** fastify as it is used here: its limits, its routes, its answer to what is no HTTP. */
import { fastify, type FastifyHttpsOptions, type FastifyInstance } from 'fastify';
import type { Server as TlsServer } from 'node:https';
import type { Duplex } from 'node:stream';
import type { TlsOptions } from 'node:tls';
import { TLS_MIN_VERSION, type TlsMaterial } from '../../../base/tls_material.ts';
import type { Problem } from './http_problem.ts';
import { JSON_TYPE, type HttpRoute } from './http_route.ts';
import { wireProblemOf } from './problem_of.ts';
import type { BodyShare } from './request_body.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** As HttpRoute has it. */
    isOpen?: boolean;
  }
  interface FastifyRequest {
    /** What its body takes of the memory that all share. */
    share: BodyShare | null;
  }
}

export interface HttpAppOptions {
  readonly maxBodyBytes: number;
  /** A request must be whole after so long. */
  readonly requestTimeoutMs: number;
  /** How long a connection may be open with nothing asked. */
  readonly idleTimeoutMs: number;
  /** Speak TLS, and nothing else. */
  readonly tls?: TlsMaterial;
}

/** The head of a request is there by then. */
const HEADERS_TIMEOUT_MS = 10_000;

/** So often Node looks for requests that take too long. */
const LOOK_EVERY_MS = 500;

/** A user id in a path, each byte of it as %XX. */
const MAX_PARAM_LENGTH = 3 * 4 * 16_384;

/** An app with no routes, that does not listen yet. */
export function createApp({
  tls,
  requestTimeoutMs,
  idleTimeoutMs,
  maxBodyBytes,
}: HttpAppOptions): FastifyInstance {
  const connection = {
    headersTimeout: Math.min(HEADERS_TIMEOUT_MS, requestTimeoutMs),
    connectionsCheckingInterval: LOOK_EVERY_MS,
  };
  const secure: TlsOptions = {
    ...tls,
    minVersion: TLS_MIN_VERSION,
    requestCert: tls?.ca !== undefined,
    rejectUnauthorized: tls?.ca !== undefined,
    handshakeTimeout: connection.headersTimeout,
  };
  const options = {
    logger: false,
    exposeHeadRoutes: false,
    bodyLimit: maxBodyBytes,
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: idleTimeoutMs,
    connectionTimeout: Math.max(idleTimeoutMs, 2 * requestTimeoutMs),
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    clientErrorHandler: answerBadHttp,
    // Of queries and paths, which are text; bodies are checked by their own readers.
    ajv: { customOptions: { coerceTypes: true, removeAdditional: false, allErrors: false } },
  } as const;
  if (tls === undefined) return fastify({ ...options, http: connection });
  const https: FastifyHttpsOptions<TlsServer> = { ...options, https: { ...connection, ...secure } };
  return fastify(https);
}

/** The share of a request is given back when it is handled. */
export function addRoute(app: FastifyInstance, route: HttpRoute): void {
  const { method, url, isOpen = false, params, query, body, readBody: readBodyOf, answers } = route;
  const jsonOf = (status: number): unknown => answers[status]?.content['application/json'];
  const jsonStatuses = Object.keys(answers)
    .map(Number)
    .filter((status) => jsonOf(status) !== undefined);
  app.route({
    method,
    url,
    config: { isOpen },
    schema: {
      ...(params === undefined ? {} : { params }),
      ...(query === undefined ? {} : { querystring: query }),
      ...(body === undefined ? {} : { body: body['application/json'] }),
      response: Object.fromEntries(jsonStatuses.map((status) => [status, jsonOf(status)])),
    },
    ...(readBodyOf === undefined ? {} : { validatorCompiler: readBodyOf }),
    async handler(request, reply) {
      try {
        return await route.handle(request, reply);
      } finally {
        request.share?.give();
      }
    },
  });
}

/** What is no HTTP, or comes too slowly, gets its answer by hand. */
function answerBadHttp(error: Error & { code?: string }, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) return void socket.destroy();
  const { status, text, problem } = wireProblemOf(error.code);
  const body = JSON.stringify(problem satisfies Problem);
  socket.end(
    `HTTP/1.1 ${status} ${text}\r\nContent-Type: ${JSON_TYPE}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
