/** For whoever watches: is it alive, can it take events, how many were there. */
import type { FastifyReply } from 'fastify';
import { EXPOSITION_TYPE, bindGroup, exposition } from '../../../monitor/exposition.ts';
import type { HttpCounts } from '../../../monitor/http_counts.ts';
import type { Ledger } from '../../../monitor/ledger.ts';
import { HTTP_GROUP } from '../../../monitor/metrics/http_metrics.ts';
import { RECEIVER_GROUP } from '../../../monitor/metrics/receiver_metrics.ts';
import { metricsPage, wantsPage } from '../../../monitor/server/metrics_page.ts';
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
        description: 'Prometheus’ text format; a page for who would have HTML.',
        content: { 'text/plain': { type: 'string' }, 'text/html': { type: 'string' } },
      },
    },
    handle({ headers: { accept } }, reply: FastifyReply) {
      const text = metricsOf(ledger, counts);
      if (!wantsPage(accept)) return reply.type(EXPOSITION_TYPE).header('vary', 'accept').send(text);
      const { html, headers } = metricsPage(text);
      return reply.headers(headers).send(html);
    },
  },
];

const metricsOf = (ledger: Ledger, counts: HttpCounts): string =>
  exposition([bindGroup(RECEIVER_GROUP, () => ledger), bindGroup(HTTP_GROUP, () => counts)]);
