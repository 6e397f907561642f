/**
 * Who is logged in: a cookie that says until when, sealed with the token itself. So nothing is kept here, a restart logs
 * nobody out, another token everybody, and the token is in no cookie.
 *
 *     logferry_session=EXPIRES_AT_SECONDS.HMAC-SHA256(token, "logferry dashboard EXPIRES_AT_SECONDS")
 */
import { createHmac } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { bearerOf, isSameToken, refuseForToken, type MonitorGuard } from '../monitor/server/guard.ts';

const NAME = 'logferry_session';
const LASTS_SECONDS = 7 * 24 * 3600;

/** The `Set-Cookie` of whoever showed the token. */
export function sessionCookie(token: string, isSecure: boolean, nowMs = Date.now()): string {
  const expires = Math.floor(nowMs / 1000) + LASTS_SECONDS;
  return cookie(`${expires}.${seal(token, expires)}`, LASTS_SECONDS, isSecure);
}

/** The `Set-Cookie` that ends it. */
export const noCookie = (isSecure: boolean): string => cookie('', 0, isSecure);

const cookie = (value: string, lastsSeconds: number, isSecure: boolean): string =>
  `${NAME}=${value}; Path=/; Max-Age=${lastsSeconds}; HttpOnly; SameSite=Strict${isSecure ? '; Secure' : ''}`;

/** Whether a request comes with a session that the token sealed and that is not over. */
export function hasSession(
  { headers }: Pick<IncomingMessage, 'headers'>,
  token: string,
  nowMs = Date.now(),
): boolean {
  const given = (headers.cookie ?? '').split(';').map((one) => one.trim());
  const value = given.find((one) => one.startsWith(`${NAME}=`))?.slice(NAME.length + 1) ?? '';
  const [, expires = '', sealed = ''] = /^(\d{1,12})\.([0-9a-f]{64})$/.exec(value) ?? [];
  return Number(expires) * 1000 > nowMs && isSameToken(sealed, seal(token, Number(expires)));
}

const seal = (token: string, expires: number): string =>
  createHmac('sha256', token).update(`logferry dashboard ${expires}`).digest('hex');

/** Lets in who shows the token, as `Authorization: Bearer …`, or the session that it was exchanged for. Undefined token: everybody. */
export function sessionGuard(token: string | undefined): MonitorGuard {
  return {
    letsIn: (request) =>
      token === undefined || isSameToken(bearerOf(request) ?? '', token) || hasSession(request, token),
    refuse: refuseForToken,
  };
}
