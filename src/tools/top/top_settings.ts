import type { OptionName, Settings } from '../../config/options.ts';
import { ConfigError } from '../../config/load.ts';
import type { LiveSource } from './live_client.ts';

/** The options `top` heeds: those of the receiver it looks at. */
export const TOP_OPTION_NAMES: readonly OptionName[] = [
  ...(['METRICS_HOST', 'METRICS_PORT', 'METRICS_TOKEN'] as const),
  ...(['DASHBOARD_HOST', 'DASHBOARD_PORT', 'DASHBOARD_TOKEN'] as const),
];

type TopSettings = Pick<
  Settings,
  'METRICS_HOST' | 'METRICS_PORT' | 'METRICS_TOKEN' | 'DASHBOARD_HOST' | 'DASHBOARD_PORT' | 'DASHBOARD_TOKEN'
>;

/**
 * Where to look: at `given`, else where a receiver with these options has its metrics, else its dashboard; and the token that is
 * wanted there. Throws ConfigError.
 */
export function liveSourceOf(settings: TopSettings, given: string | undefined): LiveSource {
  const url = given === undefined ? urlHere(settings) : parsed(given);
  const token = tokenFor(url, settings, given !== undefined);
  return { url, ...(token === '' ? {} : { token }) };
}

function urlHere({ METRICS_HOST, METRICS_PORT, DASHBOARD_HOST, DASHBOARD_PORT }: TopSettings): URL {
  const hasMetrics = METRICS_PORT !== undefined && METRICS_PORT !== 0;
  return hasMetrics ? urlOf(METRICS_HOST, METRICS_PORT) : urlOf(DASHBOARD_HOST, DASHBOARD_PORT);
}

/** That of the port. Elsewhere ports may be others than here: there the other one is shown where this one is not set. */
function tokenFor(url: URL, settings: TopSettings, isElsewhere: boolean): string {
  const { METRICS_PORT, METRICS_TOKEN, DASHBOARD_PORT, DASHBOARD_TOKEN } = settings;
  const isDashboard = portOf(url) === DASHBOARD_PORT && DASHBOARD_PORT !== METRICS_PORT;
  const [own, other] = isDashboard ? [DASHBOARD_TOKEN, METRICS_TOKEN] : [METRICS_TOKEN, DASHBOARD_TOKEN];
  return own === '' && isElsewhere ? other : own;
}

const portOf = ({ port, protocol }: URL): number => Number(port) || (protocol === 'https:' ? 443 : 80);

/** All addresses of a machine are reached at the one it has for itself. */
function urlOf(host: string, port: number): URL {
  const reached = { '0.0.0.0': '127.0.0.1', '::': '::1' }[host] ?? host;
  return new URL(`http://${reached.includes(':') ? `[${reached}]` : reached}:${port}`);
}

function parsed(text: string): URL {
  const url = URL.parse(/^https?:\/\//i.test(text) ? text : `http://${text}`);
  if (url === null)
    throw new ConfigError([
      `${JSON.stringify(text)} is no address: expected one such as http://127.0.0.1:8080`,
    ]);
  return url;
}
