import type { UserBuffer } from '../../../users/user_buffer.ts';
import { json, type HttpRoute } from './http_route.ts';

/** `POST /drain`: what waits goes into the files of users now. */
export function drainRoute(buffer: UserBuffer): HttpRoute {
  return {
    method: 'POST',
    url: '/drain',
    name: 'drain',
    summary: 'Moves what waits into the files of users now; answers when it is there.',
    problems: [401, 429, 500, 503],
    answers: {
      200: json('What has moved.', {
        type: 'object',
        required: ['status', 'entries', 'files'],
        properties: {
          status: { type: 'string', const: 'ok' },
          entries: { type: 'integer', minimum: 0 },
          files: { type: 'integer', minimum: 0, description: 'How many were written.' },
        },
        additionalProperties: false,
      }),
    },
    async handle() {
      const { entries, files } = await buffer.drain();
      return { status: 'ok', entries, files };
    },
  };
}
