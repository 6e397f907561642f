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

/** Where to look: at `given`, else where a receiver with these options has its metrics, else its dashboard. Throws ConfigError. */
export function liveSourceOf(settings: TopSettings, given: string | undefined): LiveSource {
  const { METRICS_HOST, METRICS_PORT, METRICS_TOKEN, DASHBOARD_HOST, DASHBOARD_PORT, DASHBOARD_TOKEN } =
    settings;
  const isAtMetrics = given === undefined && METRICS_PORT !== undefined && METRICS_PORT !== 0;
  const token = isAtMetrics || METRICS_TOKEN !== '' ? METRICS_TOKEN : DASHBOARD_TOKEN;
  const url = isAtMetrics
    ? urlOf(METRICS_HOST, METRICS_PORT)
    : given === undefined
      ? urlOf(DASHBOARD_HOST, DASHBOARD_PORT)
      : parsed(given);
  return { url, ...(token === '' ? {} : { token }) };
}

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
