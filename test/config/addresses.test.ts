import { describe, expect, test } from 'vitest';
import { oneHostOf, receiversOf } from '../../src/config/addresses.ts';
import { librarySettings } from '../../src/config/library.ts';
import { ConfigError, loadSettings } from '../../src/config/load.ts';

const settingsOf = (SERVER_HOST: string) =>
  loadSettings({ flags: {}, env: { SERVER_HOST, SERVER_PORT: '7' } });

test('receivers without a port are on SERVER_PORT', () => {
  expect(receiversOf(settingsOf('a:5000,b,[::1]:6000,::1'))).toEqual([
    { host: 'a', port: 5000 },
    { host: 'b', port: 7 },
    { host: '::1', port: 6000 },
    { host: '::1', port: 7 },
  ]);
});

test('the library takes a list as its host', () => {
  expect(receiversOf(librarySettings({ host: 'a:5000,b', port: 8 }))).toEqual([
    { host: 'a', port: 5000 },
    { host: 'b', port: 8 },
  ]);
});

test('a list with an empty place is a problem of the configuration', () => {
  expect(() => settingsOf('a:5000,')).toThrow('SERVER_HOST is "a:5000," (environment): expected');
});

describe('one host', () => {
  test.each(['0.0.0.0', 'localhost', '::1'])('%s', (host) => {
    expect(oneHostOf(settingsOf(host), 'a receiver', 'SERVER_PORT')).toBe(host);
  });

  test('in brackets it is the address in them', () => {
    expect(oneHostOf(settingsOf('[::1]'), 'a receiver', 'SERVER_PORT')).toBe('::1');
  });

  test.each(['a,b', 'a:5000', 'a:5000,b:5000', '[::1]:5000'])('%s is more than that', (text) => {
    const take = (): unknown => oneHostOf(settingsOf(text), 'a receiver', 'SERVER_PORT');
    expect(take).toThrow(ConfigError);
    expect(take).toThrow(`SERVER_HOST is "${text}": a receiver takes one host without a port`);
  });
});
