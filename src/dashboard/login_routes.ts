/** The token for a session, by a form: so that it is in no address, and in nothing that a script of the page can read. */
import type { IncomingMessage } from 'node:http';
import { isSameToken, type MonitorGuard } from '../monitor/server/guard.ts';
import { sendJson, type MonitorRoute } from '../monitor/server/monitor_server.ts';
import { DashboardError } from './dashboard_error.ts';
import { noCookie, sessionCookie, showsToken } from './session_cookie.ts';
import type { WrongTokens } from './wrong_tokens.ts';

const MAX_BODY_BYTES = 4096;

/** `POST /login`, `POST /logout`, and whether there is anything to log in to; `about` is told with that. */
export function loginRoutes(
  token: string | undefined,
  { guard, wrong, ...about }: { guard: MonitorGuard; wrong: WrongTokens; hasArchive: boolean },
): MonitorRoute[] {
  return [
    {
      method: 'GET',
      path: '/api/session',
      isOpen: true,
      async handle(request, response) {
        const isLoggedIn = guard.letsIn(request);
        if (!isLoggedIn && showsToken(request)) await wrong.wait(request);
        sendJson(response, 200, { isTokenWanted: token !== undefined, isLoggedIn, ...about });
      },
    },
    {
      method: 'POST',
      path: '/login',
      isOpen: true,
      async handle(request, response) {
        const given = await tokenIn(request);
        if (token !== undefined && (wrong.isFull(request) || !isSameToken(given, token))) {
          await wrong.wait(request);
          throw new DashboardError('unauthorized', 'this is not the token');
        }
        if (token !== undefined) response.setHeader('set-cookie', sessionCookie(token, request));
        sendJson(response, 200, { isLoggedIn: true });
      },
    },
    {
      method: 'POST',
      path: '/logout',
      isOpen: true,
      async handle(request, response) {
        await bodyOf(request);
        response.setHeader('set-cookie', noCookie(request));
        sendJson(response, 200, { isLoggedIn: false });
      },
    },
  ];
}

/** JSON: a form of another site can't send that. */
async function tokenIn(request: IncomingMessage): Promise<string> {
  try {
    const { token } = JSON.parse(await bodyOf(request)) as { token?: unknown };
    if (typeof token === 'string') return token;
  } catch (error) {
    if (error instanceof DashboardError) throw error;
  }
  throw new DashboardError('bad_request', 'expected {"token":"…"}');
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  if (request.headers['content-type'] !== 'application/json')
    throw new DashboardError('bad_request', 'expected application/json');
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > MAX_BODY_BYTES)
        throw new DashboardError('too_large', `a body of at most ${MAX_BODY_BYTES} bytes is taken here`);
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof DashboardError) throw error;
    throw new DashboardError('bad_request', 'the body ended early', { cause: error });
  }
  return Buffer.concat(chunks).toString('utf8');
}
