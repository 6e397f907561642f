/** Where a process says how it is, to programs. */
import { text, token, type Kind } from '../kinds.ts';
import { option } from '../option.ts';

/** A port, or none. */
const port: Kind<number | undefined> = {
  name: 'port',
  parse(value) {
    if (value === '') return undefined;
    if (!/^\d+$/.test(value) || Number(value) > 65_535)
      throw new Error('expected a port, 0 to 65535, or nothing');
    return Number(value);
  },
};

export const MONITOR_OPTIONS = {
  METRICS_HOST: option({
    kind: text('a host name or address', (value) => /^[A-Za-z0-9._:-]+$/.test(value)),
    default: '127.0.0.1',
    side: 'both',
    toml: 'metrics.host',
    help: 'Address of METRICS_PORT.',
  }),
  METRICS_PORT: option({
    kind: port,
    default: '',
    side: 'both',
    toml: 'metrics.port',
    help: 'Port on which this process answers /metrics, /healthz and /readyz; 0 is any free one, and the log says which. Empty: none. A receiver answers them on DASHBOARD_PORT too, where there is a dashboard.',
  }),
  METRICS_TOKEN: option({
    kind: token,
    default: '',
    side: 'both',
    toml: 'metrics.token',
    secret: true,
    help: 'Token that /metrics wants there, as Authorization: Bearer …; empty: none. Probes never want one. top shows it to the receiver it looks at.',
  }),
} as const;
