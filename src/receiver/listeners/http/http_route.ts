import type { FastifyReply, FastifyRequest, FastifySchema, FastifySchemaCompiler } from 'fastify';

/** A JSON Schema, as fastify checks it and as the OpenAPI document shows it. */
export type Schema = Readonly<Record<string, unknown>>;

/** What a status says, for the document. */
export interface Answer {
  readonly description: string;
  /** By content type. */
  readonly content: Readonly<Record<string, Schema>>;
  readonly headers?: Readonly<Record<string, { readonly description: string; readonly schema: Schema }>>;
}

export type ProblemStatus = 400 | 401 | 413 | 415 | 429 | 500 | 503;

/** One way to ask something of the HTTP listener. The OpenAPI document is made of these. */
export interface HttpRoute {
  readonly method: 'GET' | 'POST';
  /** As fastify has it: `/users/:id/logs`. */
  readonly url: string;
  readonly name: string;
  readonly summary: string;
  /** No token is wanted, and no rate is limited: for probes. */
  readonly isOpen?: boolean;
  readonly params?: Schema;
  readonly query?: Schema;
  /** By content type. */
  readonly body?: Readonly<Record<string, Schema>>;
  /** In place of fastify's own, for the body. */
  readonly readBody?: FastifySchemaCompiler<FastifySchema>;
  /** By status. */
  readonly answers: Readonly<Record<number, Answer>>;
  /** Those of the usual statuses that it may answer besides. */
  readonly problems: readonly ProblemStatus[];
  handle(request: FastifyRequest, reply: FastifyReply): unknown;
}

export const JSON_TYPE = 'application/json; charset=utf-8';

export const json = (description: string, schema: Schema): Answer => ({
  description,
  content: { 'application/json': schema },
});
