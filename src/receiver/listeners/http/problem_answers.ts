/** The answers that are no 200, for the document: what each status may say. */
import type { Answer, HttpRoute, Schema } from './http_route.ts';

export const PROBLEM_SCHEMA: Schema = {
  type: 'object',
  required: ['error', 'reason'],
  properties: {
    error: { type: 'string', description: 'What is wrong, by name.' },
    reason: { type: 'string', description: 'The same for people.' },
    field: { type: 'string', description: 'The member that is wrong.' },
    line: { type: 'integer', minimum: 1, description: 'Which element of the array, or line of NDJSON.' },
  },
  additionalProperties: false,
};

const RETRY_AFTER = {
  'Retry-After': { description: 'Seconds to wait.', schema: { type: 'integer', minimum: 1 } },
};

const problem = (description: string): Answer => ({
  description,
  content: { 'application/json': PROBLEM_SCHEMA },
});

const retried = (description: string): Answer => ({ ...problem(description), headers: RETRY_AFTER });

/** By status. */
export const PROBLEMS = {
  400: problem('The request is wrong: which field, and which line, is said. Nothing of it was taken.'),
  401: problem('A token is wanted (Authorization: Bearer …), and this is none of them.'),
  413: problem('The body, or an event in it, is too long.'),
  415: problem('The body is of a type, or an encoding, that is not taken.'),
  429: retried('Too many requests from this address.'),
  500: problem('A fault of the receiver’s own; its log says which.'),
  503: retried('It can’t be done at the moment.'),
} as const;

/** What a route answers: its own answers, and its problems. */
export const answersOf = ({ answers, problems }: HttpRoute): Readonly<Record<number, Answer>> => ({
  ...Object.fromEntries(problems.map((status) => [status, PROBLEMS[status]])),
  ...answers,
});
