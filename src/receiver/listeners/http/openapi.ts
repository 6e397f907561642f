/** The OpenAPI document: made of the routes themselves, so that it can't say anything else. */
import { VERSION } from '../../../base/version.ts';
import { json, type Answer, type HttpRoute, type Schema } from './http_route.ts';
import { answersOf } from './problem_answers.ts';

const SUMMARY = 'Takes events of users, and keeps each in a file per user and day.';

/** `GET /openapi.json`, about the routes given and itself. */
export function openApiRoute(routes: readonly HttpRoute[], isTokenWanted: boolean): HttpRoute {
  const route: HttpRoute = {
    method: 'GET',
    url: '/openapi.json',
    name: 'openApi',
    summary: 'This document.',
    isOpen: true,
    problems: [],
    answers: { 200: json('OpenAPI 3.1.', { type: 'object', additionalProperties: true }) },
    handle: () => document,
  };
  const document = openApiDocument([...routes, route], isTokenWanted);
  return route;
}

/** The document of these routes. */
export function openApiDocument(routes: readonly HttpRoute[], isTokenWanted: boolean): Schema {
  const paths: Record<string, Record<string, Schema>> = {};
  for (const route of routes) {
    const path = route.url.replaceAll(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(route, isTokenWanted) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Logferry',
      version: VERSION,
      summary: SUMMARY,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    paths,
    ...(isTokenWanted
      ? { components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } } }
      : {}),
  };
}

function operation(route: HttpRoute, isTokenWanted: boolean): Schema {
  const { name, summary, body, isOpen = false } = route;
  const parameters = [...parametersOf(route.params, 'path'), ...parametersOf(route.query, 'query')];
  return {
    operationId: name,
    summary,
    ...(isTokenWanted ? { security: isOpen ? [] : [{ token: [] }] } : {}),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: { required: true, content: contentOf(body) } }),
    responses: Object.fromEntries(
      Object.entries(answersOf(route)).map(([status, answer]) => [status, answerOf(answer)]),
    ),
  };
}

const answerOf = ({ description, content, headers }: Answer): Schema => ({
  description,
  content: contentOf(content),
  ...(headers === undefined ? {} : { headers }),
});

const contentOf = (content: Readonly<Record<string, Schema>>): Schema =>
  Object.fromEntries(Object.entries(content).map(([type, schema]) => [type, { schema }]));

interface Members {
  readonly properties?: Readonly<Record<string, Schema & { readonly description?: string }>>;
  readonly required?: readonly string[];
}

function parametersOf(schema: Members | undefined, place: 'path' | 'query'): Schema[] {
  return Object.entries(schema?.properties ?? {}).map(([name, { description = '', ...member }]) => ({
    name,
    in: place,
    required: schema?.required?.includes(name) === true,
    description,
    schema: member,
  }));
}
