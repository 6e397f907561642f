/** Who may look: everybody, or who shows a token. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

export interface MonitorGuard {
  letsIn(request: IncomingMessage): boolean;
  /** Answers a request that was not let in, now or later. */
  refuse(request: IncomingMessage, response: ServerResponse): void | Promise<void>;
}

/** Lets in everybody. */
export const openGuard: MonitorGuard = { letsIn: () => true, refuse: refuseForToken };

/** Lets in who says `Authorization: Bearer TOKEN`; an empty token is none, and lets in everybody. */
export const tokenGuard = (token: string): MonitorGuard =>
  token === ''
    ? openGuard
    : { letsIn: (request) => isSameToken(bearerOf(request) ?? '', token), refuse: refuseForToken };

/** How long it takes tells nothing about the token. */
export function isSameToken(given: string, token: string): boolean {
  return timingSafeEqual(hashOf(given), hashOf(token));
}

/** The token of `Authorization: Bearer …`, where there is one. */
export function bearerOf({ headers: { authorization = '' } }: IncomingMessage): string | undefined {
  return /^bearer +(\S+) *$/i.exec(authorization)?.[1];
}

/** 401, as a program understands it. */
export function refuseForToken(_request: IncomingMessage, response: ServerResponse): void {
  response
    .writeHead(401, { 'content-type': 'text/plain; charset=utf-8', 'www-authenticate': 'Bearer' })
    .end('a token is wanted, as Authorization: Bearer …, and this is not it\n');
}

const hashOf = (token: string): Buffer => createHash('sha256').update(token).digest();
