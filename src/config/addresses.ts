/** SERVER_HOST: the receivers a shipper may ship to, or the one address that a server has. */
import type { Address } from '../base/address.ts';
import { parseAddressList } from './address_list.ts';
import { ConfigError } from './load.ts';
import type { Settings } from './options.ts';

/** The receivers that SERVER_HOST names, in its order; those without a port are on SERVER_PORT. */
export const receiversOf = ({ SERVER_HOST, SERVER_PORT }: Settings): Address[] =>
  parseAddressList(SERVER_HOST).map(({ host, port = SERVER_PORT }) => ({ host, port }));

/** SERVER_HOST where it is to be one host, its port an option of its own. Throws ConfigError where it is more; `user` says who wants it so. */
export function oneHostOf({ SERVER_HOST }: Settings, user: string, portOption: string): string {
  const [first, ...others] = parseAddressList(SERVER_HOST);
  if (first !== undefined && first.port === undefined && others.length === 0) return first.host;
  throw new ConfigError([
    `SERVER_HOST is ${JSON.stringify(SERVER_HOST)}: ${user} takes one host without a port (its port is ${portOption}); lists are for shippers`,
  ]);
}
