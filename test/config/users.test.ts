import { describe, expect, test } from 'vitest';
import { ConfigError, loadSettings } from '../../src/config/load.ts';

const load = (env: Record<string, string>) => loadSettings({ flags: {}, env });

describe('lists that expire in Redis', () => {
  test('do not by default', () => expect(load({}).REDIS_KEY_EXPIRATION).toBe(0));

  test('after five drain intervals are allowed', () => {
    expect(load({ REDIS_KEY_EXPIRATION: '300' }).REDIS_KEY_EXPIRATION).toBe(300);
    expect(load({ REDIS_KEY_EXPIRATION: '50', DRAIN_INTERVAL: '10' }).REDIS_KEY_EXPIRATION).toBe(50);
  });

  test.each([{ REDIS_KEY_EXPIRATION: '299' }, { REDIS_KEY_EXPIRATION: '600', DRAIN_INTERVAL: '121' }])(
    'sooner stop the start, with the reason: %j',
    (env) => {
      expect(() => load(env)).toThrow(ConfigError);
      expect(() => load(env)).toThrow('less than five DRAIN_INTERVALs');
    },
  );
});

test.each(['http://localhost', 'localhost:6379', 'redis:', 'x'])(
  '%s is no URL of Redis, and is not shown',
  (url) => {
    expect(() => load({ REDIS_URL: url })).toThrow('REDIS_URL is ***');
  },
);
