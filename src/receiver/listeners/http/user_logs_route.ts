import type { FastifyReply, FastifyRequest } from 'fastify';
import { Readable } from 'node:stream';
import { dayOf, type UserBuffer } from '../../../users/user_buffer.ts';
import { json, JSON_TYPE, type HttpRoute } from './http_route.ts';
import { LOG_EVENT_SCHEMA } from './log_event.ts';
import { daysOf } from './user_listing.ts';

export interface UserLogsContext {
  readonly buffer: UserBuffer;
  readonly files: { readonly folder: string };
}

interface Query {
  readonly day?: number;
  readonly event?: string;
  readonly from?: number;
  readonly to?: number;
  readonly limit: number;
}

const SECONDS = { type: 'integer', minimum: 0, maximum: LOG_EVENT_SCHEMA.properties.timestamp.maximum };

const QUERY_SCHEMA = {
  type: 'object',
  properties: {
    day: { type: 'integer', minimum: 0, description: 'Only of this day, as days since 1970.' },
    event: { type: 'string', description: 'Only this event.' },
    from: { ...SECONDS, description: 'Only from this time on, in seconds since 1970.' },
    to: { ...SECONDS, description: 'Only before this time.' },
    limit: { type: 'integer', minimum: 1, maximum: 100_000, default: 1000, description: 'At most so many.' },
  },
  additionalProperties: false,
};

const PARAMS_SCHEMA = {
  type: 'object',
  required: ['id'],
  properties: { id: { type: 'string', minLength: 1, description: 'The user_id, percent-encoded.' } },
};

/** `GET /users/{id}/logs`: what a user's days hold, on file and still waiting, each entry once. */
export function userLogsRoute(context: UserLogsContext): HttpRoute {
  return {
    method: 'GET',
    url: '/users/:id/logs',
    name: 'userLogs',
    summary: 'The entries of a user, day by day, in the order in which they were taken.',
    params: PARAMS_SCHEMA,
    query: QUERY_SCHEMA,
    problems: [400, 401, 429, 500, 503],
    answers: {
      200: json('Entries as they were sent. `more` is true where there are more than asked for.', {
        type: 'object',
        required: ['logs', 'more'],
        properties: { logs: { type: 'array', items: LOG_EVENT_SCHEMA }, more: { type: 'boolean' } },
        additionalProperties: false,
      }),
    },
    async handle(request: FastifyRequest, reply: FastifyReply) {
      const { id } = request.params as { id: string };
      const query = request.query as Query;
      const gone = new AbortController();
      reply.raw.once('close', () => gone.abort());
      const lines = linesOf(context, id, query, gone.signal);
      // While there may still be another answer than 200.
      const first = await lines.next();
      return reply
        .type(JSON_TYPE)
        .send(Readable.from(answerText(first, lines, query), { objectMode: false }));
    },
  };
}

async function* answerText(
  first: IteratorResult<Buffer, void>,
  lines: AsyncGenerator<Buffer, void, undefined>,
  { limit }: Query,
): AsyncGenerator<string | Buffer> {
  yield '{"logs":[';
  let next = first;
  for (let count = 0; next.done !== true && count < limit; count += 1) {
    if (count > 0) yield ',\n';
    yield next.value;
    next = await lines.next();
  }
  yield `],"more":${next.done !== true}}`;
  await lines.return();
}

async function* linesOf(
  { buffer, files }: UserLogsContext,
  userId: string,
  query: Query,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, undefined> {
  const { day, from = 0, to = Infinity } = query;
  const days = day === undefined ? await daysOf(files, buffer, userId) : [day];
  for (const one of days) {
    if (one < dayOf(from) || one > dayOf(to)) continue;
    for await (const line of buffer.linesOf(userId, one, signal)) if (isWanted(line, query)) yield line;
  }
}

function isWanted(line: Buffer, { event, from = 0, to = Infinity }: Query): boolean {
  if (event === undefined && from === 0 && to === Infinity) return true;
  const said = JSON.parse(line.toString('utf8')) as { readonly event: string; readonly timestamp: number };
  return (event === undefined || said.event === event) && said.timestamp >= from && said.timestamp < to;
}
