/** Texts such as `a:5000,b,[::1]:5000`. */
import { isIPv6 } from 'node:net';
import type { Kind } from './kinds.ts';

/** One of a list; without a port where none was written. */
export interface ListedHost {
  readonly host: string;
  readonly port?: number;
}

const EXPECTED = 'expected a host or host:port, or several with commas between them';

/**
 * What a list names, in its order: names, IPv4 and IPv6 addresses. An IPv6 address with a port stands in brackets; without
 * them all of it is the address. Throws Error with what was expected.
 */
export const parseAddressList = (text: string): ListedHost[] =>
  text.split(',').map((one) => listedHost(one.trim()));

/** A list of at least one. Its value is the text as it was written, for `parseAddressList`. */
export const addressList: Kind<string> = {
  name: 'addresses',
  parse(text) {
    parseAddressList(text);
    return text;
  },
};

function listedHost(text: string): ListedHost {
  if (isIPv6(text)) return { host: text };
  const [, bracketed, name, port] = /^(?:\[([^[\]]*)\]|([A-Za-z0-9._-]+))(?::([^:]*))?$/.exec(text) ?? [];
  if (bracketed !== undefined && !isIPv6(bracketed))
    throw new Error(`${EXPECTED}; ${JSON.stringify(bracketed)} in brackets is no IPv6 address`);
  const host = bracketed ?? name;
  if (host === undefined) throw new Error(`${EXPECTED}; ${problemOf(text)}`);
  return port === undefined ? { host } : { host, port: portOf(port) };
}

const problemOf = (text: string): string =>
  text === ''
    ? 'one is empty'
    : `${JSON.stringify(text)} is neither (an IPv6 address with a port stands in brackets)`;

function portOf(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65535)
    throw new Error(`expected a port from 1 to 65535 behind the host, not ${JSON.stringify(text)}`);
  return port;
}
