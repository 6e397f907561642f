/** For whoever watches: is it alive, can it take events, how many were there. */
import type { FastifyReply } from 'fastify';
import { EXPOSITION_TYPE, exposition } from '../../../monitor/exposition.ts';
import type { HttpCounts } from '../../../monitor/http_counts.ts';
import type { Ledger } from '../../../monitor/ledger.ts';
import { json, type HttpRoute } from './http_route.ts';

export interface ProbeContext {
  /** Why it can take no events at the moment, if so. */
  readonly troubleOf: () => string | undefined;
  readonly ledger: Ledger;
  readonly counts: HttpCounts;
}

const STATE = (states: readonly string[]) => ({
  type: 'object',
  required: ['status'],
  properties: { status: { type: 'string', enum: states }, reason: { type: 'string' } },
  additionalProperties: false,
});

export const probeRoutes = ({ troubleOf, ledger, counts }: ProbeContext): HttpRoute[] => [
  {
    method: 'GET',
    url: '/healthz',
    name: 'health',
    summary: 'Whether the process is alive; a disk or a Redis that is away does not change that.',
    isOpen: true,
    problems: [],
    answers: { 200: json('It is.', STATE(['ok'])) },
    handle: () => ({ status: 'ok' }),
  },
  {
    method: 'GET',
    url: '/readyz',
    name: 'ready',
    summary: 'Whether it can take events.',
    isOpen: true,
    problems: [],
    answers: {
      200: json('It can.', STATE(['ok'])),
      503: json('It can’t, and why.', STATE(['unavailable'])),
    },
    handle(_request, reply: FastifyReply) {
      const reason = troubleOf();
      if (reason === undefined) return { status: 'ok' };
      return reply.code(503).send({ status: 'unavailable', reason });
    },
  },
  {
    method: 'GET',
    url: '/metrics',
    name: 'metrics',
    summary: 'Figures for Prometheus.',
    problems: [401, 429],
    answers: {
      200: {
        description: 'Prometheus’ text format.',
        content: { 'text/plain': { type: 'string' } },
      },
    },
    handle: (_request, reply: FastifyReply) => reply.type(EXPOSITION_TYPE).send(exposition(ledger, counts)),
  },
];
