/**
 * Who is logged in: a cookie that says until when, sealed with the token itself. So nothing is kept here, a restart logs
 * nobody out, another token everybody, and the token is in no cookie.
 *
 *     logferry_session_PORT=EXPIRES_AT_SECONDS.HMAC-SHA256(token, "logferry dashboard EXPIRES_AT_SECONDS")
 */
import { createHmac } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { bearerOf, isSameToken, refuseForToken, type MonitorGuard } from '../monitor/server/guard.ts';
import { sendJson } from '../monitor/server/monitor_server.ts';
import { DashboardError } from './dashboard_error.ts';
import type { WrongTokens } from './wrong_tokens.ts';

const LASTS_SECONDS = 7 * 24 * 3600;

/** The `Set-Cookie` of whoever showed the token. */
export function sessionCookie(token: string, request: IncomingMessage, nowMs = Date.now()): string {
  const expires = Math.floor(nowMs / 1000) + LASTS_SECONDS;
  return cookie(`${expires}.${seal(token, expires)}`, LASTS_SECONDS, request);
}

/** The `Set-Cookie` that ends it. */
export const noCookie = (request: IncomingMessage): string => cookie('', 0, request);

function cookie(value: string, lastsSeconds: number, request: IncomingMessage): string {
  const secure = 'encrypted' in request.socket ? '; Secure' : '';
  return `${nameIn(request)}=${value}; Path=/; Max-Age=${lastsSeconds}; HttpOnly; SameSite=Strict${secure}`;
}

/** Browsers tell the ports of a host apart in all but cookies. */
function nameIn({ headers }: Pick<IncomingMessage, 'headers'>): string {
  const [, port] = /:(\d{1,5})$/.exec(headers.host ?? '') ?? [];
  return port === undefined ? 'logferry_session' : `logferry_session_${port}`;
}

/** Whether a request comes with a session that the token sealed and that is not over. */
export function hasSession(
  request: Pick<IncomingMessage, 'headers'>,
  token: string,
  nowMs = Date.now(),
): boolean {
  const value = sessionIn(request) ?? '';
  const [, expires = '', sealed = ''] = /^(\d{1,12})\.([0-9a-f]{64})$/.exec(value) ?? [];
  return Number(expires) * 1000 > nowMs && isSameToken(sealed, seal(token, Number(expires)));
}

/** What the cookie says, where there is one. */
function sessionIn(request: Pick<IncomingMessage, 'headers'>): string | undefined {
  const given = (request.headers.cookie ?? '').split(';').map((one) => one.trim());
  const name = `${nameIn(request)}=`;
  return given.find((one) => one.startsWith(name))?.slice(name.length);
}

/** Whether a request shows a token or a session, right or wrong. */
export const showsToken = (request: IncomingMessage): boolean =>
  bearerOf(request) !== undefined || sessionIn(request) !== undefined;

const seal = (token: string, expires: number): string =>
  createHmac('sha256', token).update(`logferry dashboard ${expires}`).digest('hex');

/**
 * Lets in who shows the token, as `Authorization: Bearer …`, or the session that it was exchanged for. Undefined token: everybody.
 * Who shows a wrong one hears so late.
 */
export function sessionGuard(token: string | undefined, wrong: WrongTokens): MonitorGuard {
  return {
    letsIn: (request) =>
      token === undefined ||
      (!wrong.isFull(request) && (isSameToken(bearerOf(request) ?? '', token) || hasSession(request, token))),
    async refuse(request, response) {
      try {
        if (showsToken(request)) await wrong.wait(request);
        refuseForToken(request, response);
      } catch (error) {
        if (!(error instanceof DashboardError)) throw error;
        sendJson(response, error.status, { error: error.code, reason: error.message });
      }
    },
  };
}
