/** The page on which a receiver is seen. */
import { boolean, integer, text, token } from '../kinds.ts';
import { option } from '../option.ts';

export const DASHBOARD_OPTIONS = {
  DASHBOARD_ENABLED: option({
    kind: boolean,
    default: 'false',
    side: 'server',
    toml: 'dashboard.enabled',
    help: 'serve shows itself on a page: http://DASHBOARD_HOST:DASHBOARD_PORT.',
  }),
  DASHBOARD_HOST: option({
    kind: text('a host name or address', (value) => /^[A-Za-z0-9._:-]+$/.test(value)),
    default: '127.0.0.1',
    side: 'server',
    toml: 'dashboard.host',
    help: 'Address the dashboard listens on. The page shows what is in the logs: on any other than 127.0.0.1 set DASHBOARD_TOKEN.',
  }),
  DASHBOARD_PORT: option({
    kind: integer({ min: 0, max: 65535 }),
    default: '8080',
    side: 'server',
    toml: 'dashboard.port',
    help: 'Port of the dashboard; 0 is any free one, and the log says which.',
  }),
  DASHBOARD_TOKEN: option({
    kind: token,
    default: '',
    side: 'server',
    toml: 'dashboard.token',
    secret: true,
    help: 'The page asks for it, once a week; programs show it as Authorization: Bearer …. Empty: whoever reaches the port may look.',
  }),
  DASHBOARD_MAX_VIEWERS: option({
    kind: integer({ min: 1, max: 200 }),
    default: '100',
    side: 'server',
    toml: 'dashboard.max_viewers',
    help: 'Pages that may be open at once.',
  }),
} as const;
