/** Where the receiver is. */
import { integer, text } from '../kinds.ts';
import { option } from '../option.ts';

export const ADDRESS_OPTIONS = {
  SERVER_HOST: option({
    kind: text('a host name or address', (value) => /^[A-Za-z0-9._:-]+$/.test(value)),
    default: '0.0.0.0',
    side: 'both',
    toml: 'server.host',
    help: 'Address the receiver listens on; host the shipper connects to.',
  }),
  SERVER_PORT: option({
    kind: integer({ min: 0, max: 65535 }),
    default: '5000',
    side: 'both',
    toml: 'server.port',
    help: 'TCP port. The receiver takes 0 as any free one and logs which.',
  }),
} as const;
