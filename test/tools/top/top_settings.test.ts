import { expect, test } from 'vitest';
import { loadSettings } from '../../../src/config/load.ts';
import { liveSourceOf } from '../../../src/tools/top/top_settings.ts';

const BOTH = { METRICS_TOKEN: 'm', DASHBOARD_TOKEN: 'd' };
const METRICS = 'http://127.0.0.1:9101/';
const DASHBOARD = 'http://127.0.0.1:8080/';

test.each([
  ['its metrics', undefined, { ...BOTH, METRICS_PORT: '9101' }, METRICS, 'm'],
  [
    'its metrics, which want no token',
    undefined,
    { DASHBOARD_TOKEN: 'd', METRICS_PORT: '9101' },
    METRICS,
    '',
  ],
  ['its dashboard, where there is no port for metrics', undefined, BOTH, DASHBOARD, 'd'],
  [
    'its dashboard, where that port is any free one',
    undefined,
    { ...BOTH, METRICS_PORT: '0' },
    DASHBOARD,
    'd',
  ],
  ['its dashboard, which wants no token', undefined, { METRICS_TOKEN: 'm' }, DASHBOARD, ''],
  [
    'metrics that are named',
    'localhost:9101',
    { ...BOTH, METRICS_PORT: '9101' },
    'http://localhost:9101/',
    'm',
  ],
  ['a dashboard that is named', 'web:8080', { ...BOTH, METRICS_PORT: '9101' }, 'http://web:8080/', 'd'],
  ['one on the port of the web', 'https://web', { ...BOTH, DASHBOARD_PORT: '443' }, 'https://web/', 'd'],
  ['a port that is neither', 'web:7000', BOTH, 'http://web:7000/', 'm'],
  ['a port that is neither, with one token', 'web:7000', { DASHBOARD_TOKEN: 'd' }, 'http://web:7000/', 'd'],
  ['8080, with a token of metrics alone', 'web:8080', { METRICS_TOKEN: 'm' }, 'http://web:8080/', 'm'],
] as const)('at %s, with the token of that port', (_, given, env, url, token) => {
  const source = liveSourceOf(loadSettings({ flags: {}, env }), given);
  expect([source.url.href, source.token ?? '']).toEqual([url, token]);
});
