/** The token for a session, by a form: so that it is in no address, and in nothing that a script of the page can read. */
import type { IncomingMessage } from 'node:http';
import { isSameToken } from '../monitor/server/guard.ts';
import { sendJson, type MonitorRoute } from '../monitor/server/monitor_server.ts';
import { DashboardError } from './dashboard_error.ts';
import { noCookie, sessionCookie, sessionGuard } from './session_cookie.ts';

const MAX_BODY_BYTES = 4096;

/** After a wrong token the next is looked at so much later: nobody tries many. */
const WRONG_TOKEN_MS = 500;
const MAX_WRONG_AT_ONCE = 20;

/** `POST /login`, `POST /logout`, and whether there is anything to log in to. */
export function loginRoutes(token: string | undefined): MonitorRoute[] {
  const guard = sessionGuard(token);
  const slowDown = wrongTokens();
  return [
    {
      method: 'GET',
      path: '/api/session',
      isOpen: true,
      handle: (request, response) =>
        sendJson(response, 200, { isTokenWanted: token !== undefined, isLoggedIn: guard.letsIn(request) }),
    },
    {
      method: 'POST',
      path: '/login',
      isOpen: true,
      async handle(request, response) {
        const given = await tokenIn(request);
        if (token !== undefined && !isSameToken(given, token)) {
          await slowDown();
          throw new DashboardError('unauthorized', 'this is not the token');
        }
        if (token !== undefined) response.setHeader('set-cookie', sessionCookie(token, isSecure(request)));
        sendJson(response, 200, { isLoggedIn: true });
      },
    },
    {
      method: 'POST',
      path: '/logout',
      isOpen: true,
      async handle(request, response) {
        await bodyOf(request);
        response.setHeader('set-cookie', noCookie(isSecure(request)));
        sendJson(response, 200, { isLoggedIn: false });
      },
    },
  ];
}

/** Waits after a wrong token. Throws DashboardError `too_many` where many wait. */
function wrongTokens(): () => Promise<void> {
  let waiting = 0;
  return async () => {
    if (waiting >= MAX_WRONG_AT_ONCE)
      throw new DashboardError('too_many', 'too many wrong tokens at once: try again in a moment');
    waiting += 1;
    await new Promise((resolve) => setTimeout(resolve, WRONG_TOKEN_MS).unref());
    waiting -= 1;
  };
}

const isSecure = ({ socket }: IncomingMessage): boolean => 'encrypted' in socket;

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
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_BODY_BYTES)
      throw new DashboardError('too_large', `a body of at most ${MAX_BODY_BYTES} bytes is taken here`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
