import type { FastifyRequest } from 'fastify';
import type { UserBuffer } from '../../../users/user_buffer.ts';
import { json, type HttpRoute } from './http_route.ts';
import { listUsers } from './user_listing.ts';

export interface StatsContext {
  readonly buffer: UserBuffer;
  readonly files: { readonly folder: string };
}

interface Query {
  readonly user_id?: string;
  readonly after?: string;
  readonly limit: number;
}

const COUNT = { type: 'integer', minimum: 0 };

const DAY_SCHEMA = {
  type: 'object',
  required: ['day', 'buffered', 'on_file', 'bytes'],
  properties: {
    day: { type: 'integer', description: 'Since 1970.' },
    buffered: { ...COUNT, description: 'Entries that wait for their file.' },
    on_file: { ...COUNT, description: 'Entries in the file.' },
    bytes: { ...COUNT, description: 'How long the file is.' },
  },
  additionalProperties: false,
};

const USER_SCHEMA = {
  type: 'object',
  required: ['user_id', 'days'],
  properties: { user_id: { type: 'string' }, days: { type: 'array', items: DAY_SCHEMA } },
  additionalProperties: false,
};

/** `GET /stats`: how many entries each user has, by day, waiting and on file. */
export function statsRoute({ buffer, files }: StatsContext): HttpRoute {
  return {
    method: 'GET',
    url: '/stats',
    name: 'stats',
    summary: 'How many entries each user has by day, waiting and on file: a page of users at a time.',
    query: {
      type: 'object',
      properties: {
        user_id: { type: 'string', minLength: 1, description: 'Only this one.' },
        after: { type: 'string', minLength: 1, description: 'The last user_id of the page before.' },
        limit: { type: 'integer', minimum: 1, maximum: 1000, default: 100, description: 'Users on a page.' },
      },
      additionalProperties: false,
    },
    problems: [400, 401, 429, 500, 503],
    answers: {
      200: json('Users in the order of the names of their folders.', {
        type: 'object',
        required: ['users', 'more'],
        properties: {
          users: { type: 'array', items: USER_SCHEMA },
          more: { type: 'boolean', description: 'There are more behind the last of them.' },
        },
        additionalProperties: false,
      }),
    },
    handle({ query }: FastifyRequest) {
      const { user_id: userId, after, limit } = query as Query;
      return listUsers(files, buffer, { userId, after, limit });
    },
  };
}
