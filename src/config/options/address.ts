/** Where the receiver is. */
import { addressList } from '../address_list.ts';
import { integer } from '../kinds.ts';
import { option } from '../option.ts';

export const ADDRESS_OPTIONS = {
  SERVER_HOST: option({
    kind: addressList,
    default: '0.0.0.0',
    side: 'both',
    toml: 'server.host',
    help: 'Address the receiver listens on; where the shipper connects to: a host or host:port, or several that share a log, with commas between them.',
  }),
  SERVER_PORT: option({
    kind: integer({ min: 0, max: 65535 }),
    default: '5000',
    side: 'both',
    toml: 'server.port',
    help: 'TCP port; for a shipper, of those that SERVER_HOST names without one. The receiver takes 0 as any free one and logs which.',
  }),
} as const;
