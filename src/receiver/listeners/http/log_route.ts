import type { FastifyRequest } from 'fastify';
import type { HttpCounts } from '../../../monitor/http_counts.ts';
import type { Ledger } from '../../../monitor/ledger.ts';
import type { UserBuffer, UserEntry } from '../../../users/user_buffer.ts';
import { json, type HttpRoute } from './http_route.ts';
import { LOG_EVENT_SCHEMA } from './log_event.ts';
import { readLogEvents, type LogBody, type LogBodyLimits } from './log_events.ts';

export interface LogRouteContext {
  readonly buffer: UserBuffer;
  readonly limits: LogBodyLimits;
  readonly ledger: Ledger;
  readonly counts: HttpCounts;
}

const BODY_SCHEMA = {
  oneOf: [LOG_EVENT_SCHEMA, { type: 'array', items: LOG_EVENT_SCHEMA, description: 'All of them, or none.' }],
};

/** `POST /log`: 200 means kept. */
export function logRoute({ buffer, limits, ledger, counts }: LogRouteContext): HttpRoute {
  return {
    method: 'POST',
    url: '/log',
    name: 'log',
    summary: 'Takes one event, or many: all of them or none. 200 means that they are kept.',
    body: { 'application/json': BODY_SCHEMA, 'application/x-ndjson': LOG_EVENT_SCHEMA },
    readBody: () => (body: LogBody) => {
      try {
        return { value: readLogEvents(body, limits) };
      } catch (error) {
        return { error: error as Error };
      }
    },
    problems: [400, 401, 413, 415, 429, 500, 503],
    answers: {
      200: json('They are kept.', {
        type: 'object',
        required: ['status', 'accepted'],
        properties: {
          status: { type: 'string', const: 'ok' },
          accepted: { type: 'integer', minimum: 0, description: 'How many events.' },
        },
        additionalProperties: false,
      }),
    },
    async handle({ body }: FastifyRequest) {
      const entries = body as UserEntry[];
      const { length: accepted } = entries;
      ledger.received += accepted;
      try {
        await buffer.add(entries);
      } catch (error) {
        ledger.refused += accepted;
        throw error;
      }
      counts.events += accepted;
      return { status: 'ok', accepted };
    },
  };
}
