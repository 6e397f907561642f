import { expect, test } from 'vitest';
import { ConfigError, loadSettings } from '../../src/config/load.ts';
import { natsOptions, streamSettings } from '../../src/tools/nats_settings.ts';

const settingsOf = (env: Readonly<Record<string, string>>) => loadSettings({ flags: {}, env });

test('several addresses, credentials and files of TLS are handed on', () => {
  const settings = settingsOf({
    NATS_URL: 'nats://a:4222, b:4223,tls://[::1]:4224',
    NATS_USER: 'ferry',
    NATS_PASSWORD: 's3cret',
    NATS_TLS_CA: '/ca.pem',
  });
  expect(natsOptions(settings, 'logferryd')).toEqual({
    servers: ['nats://a:4222', 'b:4223', 'tls://[::1]:4224'],
    name: expect.stringMatching(/^logferryd on ./) as string,
    user: 'ferry',
    password: 's3cret',
    tls: { caFile: '/ca.pem' },
  });
});

test('seconds are milliseconds there', () => {
  const settings = settingsOf({ NATS_MAX_AGE: '3600', NATS_DUPLICATE_WINDOW: '0.1' });
  expect(streamSettings(settings)).toMatchObject({ maxAgeMs: 3_600_000, duplicateWindowMs: 100 });
});

test.each([
  [{ NATS_USER: 'a', NATS_TOKEN: 'b' }, 'of NATS_USER, NATS_TOKEN and NATS_CREDENTIALS more than one is set'],
  [{ NATS_PASSWORD: 'a' }, 'NATS_PASSWORD is set, and NATS_USER is not'],
  [{ NATS_TLS_CERT: '/a' }, 'of NATS_TLS_CERT and NATS_TLS_KEY one is set'],
  [
    { NATS_REPLICAS: '3', NATS_DUPLICATE_WINDOW: '29' },
    'NATS_DUPLICATE_WINDOW is 29: with replicas it is to be 30',
  ],
])('%j is refused, and why', (env, problem) => {
  const make = () => settingsOf(env);
  expect(make).toThrow(ConfigError);
  expect(make).toThrow(problem);
});

test.each(['http://a:4222', 'nats://user:secret@a:4222', 'nats://a:4222,', 'nats://a b', 'nats://a:4222/x'])(
  'the address %j is refused',
  (url) => {
    expect(() => settingsOf({ NATS_URL: url })).toThrow(/NATS_URL/);
  },
);

test.each(['a.b', 'a b', '*', 'x'.repeat(33), 'ä'])('the stream name %j is refused', (name) => {
  expect(() => settingsOf({ NATS_STREAM: name })).toThrow(/NATS_STREAM/);
});
