/** The OpenAPI document says what the handlers do: every status it names is asked for, and every answer is one it describes. */
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BufferUnavailable, type UserBuffer } from '../../../../src/users/user_buffer.ts';
import { ask, EVENT, httpReceiver, type HttpReceiver } from '../../../helpers/http_receivers.ts';
import { temporaryFolder, type TemporaryFolder } from '../../../helpers/temp_folder.ts';

interface Answer {
  readonly content: Readonly<Record<string, { readonly schema: object }>>;
  readonly headers?: object;
}
interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly responses: Readonly<Record<string, Answer>>;
}
interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

const TOKEN = 'token-of-the-test';
const BEARER = { authorization: `Bearer ${TOKEN}` };
const TYPE = { 'content-type': 'application/json' };

/** A buffer that fails in every way it is asked. */
const failing = (error: Error): UserBuffer & { trouble: string } => ({
  trouble: error.message,
  add: () => Promise.reject(error),
  waiting: () => Promise.reject(error),
  drain: () => Promise.reject(error),
  // eslint-disable-next-line @typescript-eslint/require-await
  async *linesOf() {
    throw error;
  },
  [Symbol.asyncDispose]: () => Promise.resolve(),
});

type Kind = 'sound' | 'empty' | 'limited' | 'away' | 'broken';

let folder: TemporaryFolder;
const receivers = new Map<Kind, HttpReceiver>();
let document: Document;

beforeAll(async () => {
  folder = await temporaryFolder();
  const access = { tokens: [TOKEN], areIdsBound: false };
  const inside = async (name: string, wishes: Parameters<typeof httpReceiver>[1]): Promise<HttpReceiver> =>
    httpReceiver({ ...folder, in: (...names) => folder.in(name, ...names) }, { access, ...wishes });
  receivers.set('sound', await inside('sound', {}));
  receivers.set('empty', await inside('empty', {}));
  const rateLimit = { requestsPerMinute: 1, burst: 1 };
  const limited = await inside('limited', { listener: { rateLimit } });
  receivers.set('limited', limited);
  await limited.get('/metrics');
  receivers.set('away', await inside('away', { redis: failing(new BufferUnavailable('Redis is away')) }));
  receivers.set('broken', await inside('broken', { redis: failing(new TypeError('a fault of the test')) }));
  document = (await receivers.get('sound')?.get('/openapi.json'))?.body as Document;
});
afterAll(async () => {
  for (const receiver of receivers.values()) await receiver[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

interface Asked {
  readonly method: 'GET' | 'POST';
  /** As the document has it. */
  readonly path: string;
  readonly status: number;
  readonly at?: Kind;
  readonly query?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const log = (status: number, rest: Partial<Asked> = {}): Asked => ({
  method: 'POST',
  path: '/log',
  status,
  body: JSON.stringify(EVENT),
  headers: { ...BEARER, ...TYPE },
  ...rest,
});
const get = (path: string, status: number, rest: Partial<Asked> = {}): Asked => ({
  method: 'GET',
  path,
  status,
  headers: BEARER,
  ...rest,
});
const drain = (status: number, rest: Partial<Asked> = {}): Asked => ({
  ...get('/drain', status, rest),
  method: 'POST',
});
/** What each route that is not open answers alike. */
const usual = (asked: (status: number, rest?: Partial<Asked>) => Asked): Asked[] => [
  asked(401, { headers: TYPE }),
  asked(429, { at: 'limited' }),
  asked(500, { at: 'broken' }),
  asked(503, { at: 'away' }),
];

const ASKED: readonly Asked[] = [
  log(200),
  log(200, { body: JSON.stringify([EVENT, EVENT]) }),
  log(200, {
    headers: { ...BEARER, 'content-type': 'application/x-ndjson' },
    body: `${JSON.stringify(EVENT)}\n`,
  }),
  log(400, { body: '{"user_id":1}' }),
  log(400, { body: `[${JSON.stringify(EVENT)},{}]` }),
  log(413, { body: ' '.repeat(100_000) }),
  log(415, { headers: { ...BEARER, 'content-type': 'text/plain' } }),
  ...usual(log),
  drain(200, { at: 'empty' }),
  ...usual(drain),
  get('/stats', 200),
  get('/stats', 200, { query: '?user_id=ada&limit=1' }),
  get('/stats', 400, { query: '?limit=many' }),
  get('/stats', 400, { query: '?colour=blue' }),
  ...usual((status, rest) => get('/stats', status, rest)),
  get('/users/{id}/logs', 200),
  get('/users/{id}/logs', 200, { query: '?day=19675&event=login&from=0&to=1800000000&limit=1' }),
  get('/users/{id}/logs', 400, { query: '?day=today' }),
  ...usual((status, rest) => get('/users/{id}/logs', status, rest)),
  get('/healthz', 200, { headers: {} }),
  get('/readyz', 200, { headers: {} }),
  get('/readyz', 503, { headers: {}, at: 'away' }),
  get('/metrics', 200),
  get('/metrics', 401, { headers: {} }),
  get('/metrics', 429, { at: 'limited' }),
  get('/openapi.json', 200, { headers: {} }),
];

test('it is an OpenAPI 3.1 document', async () => {
  const { valid, errors } = await new Validator().validate(structuredClone(document) as never);
  expect(errors).toBeUndefined();
  expect(valid).toBe(true);
  expect(document.openapi).toBe('3.1.0');
});

test.each(ASKED)(
  '$method $path answers $status as it says',
  async ({ method, path, status, at = 'sound', query = '', body, headers }) => {
    const receiver = receivers.get(at);
    const answer = await ask(`${receiver?.url ?? ''}${path.replace('{id}', 'ada')}${query}`, {
      method,
      ...(headers === undefined ? {} : { headers }),
      ...(body === undefined ? {} : { body }),
    });
    expect(answer.status, answer.text).toBe(status);
    const said = document.paths[path]?.[method.toLowerCase()]?.responses[status];
    const type = answer.headers.get('content-type')?.split(';')[0] ?? '';
    const schema = said?.content[type]?.schema;
    expect(schema, `${type} of ${status}`).toBeDefined();
    if (schema !== undefined && type === 'application/json') {
      const validate = new Ajv2020({ strict: false }).compile(schema);
      validate(answer.body);
      expect(validate.errors).toBeNull();
    }
    for (const name of Object.keys(said?.headers ?? {})) expect(answer.headers.get(name)).not.toBeNull();
  },
);

test('no status it names is left out above, and nothing is answered that it does not name', () => {
  const named = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, { responses }]) =>
      Object.keys(responses).map((status) => `${method.toUpperCase()} ${path} ${status}`),
    ),
  );
  const asked = ASKED.map(({ method, path, status }) => `${method} ${path} ${status}`);
  expect([...new Set(asked)].toSorted()).toEqual(named.toSorted());
});

test('a stranger to it gets 404, whatever is asked', async () => {
  const { paths } = document;
  for (const path of ['/', '/log/', '/logs', '/users', '/users/ada', '/docs', '/admin', '/stats/ada']) {
    expect(Object.keys(paths)).not.toContain(path);
    expect((await receivers.get('sound')?.get(path, BEARER))?.status).toBe(404);
  }
});

test('where it takes events alone, it answers nothing else about them', async () => {
  await using own = await temporaryFolder();
  await using http = await httpReceiver(own, { isLogOnly: true });
  expect((await http.post(EVENT)).status).toBe(200);
  for (const path of ['/stats', '/users/ada/logs', '/drain']) expect((await http.get(path)).status).toBe(404);
  const { paths } = (await http.get('/openapi.json')).body as Document;
  expect(Object.keys(paths)).toEqual(['/log', '/healthz', '/readyz', '/metrics', '/openapi.json']);
});
