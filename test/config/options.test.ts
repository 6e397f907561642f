import { describe, expect, test } from 'vitest';
import { OPTIONS, OPTION_NAMES, flagOf, optionsFor } from '../../src/config/options.ts';
import { isShipperId } from '../../src/wire/messages.ts';

describe.each(OPTION_NAMES)('%s', (name) => {
  const { kind, default: preset, help, toml } = OPTIONS[name];

  test('has a default that is valid, and a help text that is a sentence', () => {
    expect(() => kind.parse(preset)).not.toThrow();
    expect(help).toMatch(/^\S.*\.$/s);
    expect(toml).toMatch(/^[a-z0-9_]+(\.[a-z0-9_]+)?$/);
    expect(name).toMatch(/^[A-Z0-9_]+$/);
  });
});

test('no two options share a TOML key, a flag or an alias', () => {
  const flags = OPTION_NAMES.flatMap((name) => [
    flagOf(name),
    ...(OPTIONS[name].aliases ?? []).map(({ flag }) => flag),
  ]);
  const keys = OPTION_NAMES.map((name) => OPTIONS[name].toml);
  expect(new Set(flags).size).toBe(flags.length);
  expect(new Set(keys).size).toBe(keys.length);
  expect(flags).not.toContain('config');
});

test('a flag is the name in lower case with dashes', () => {
  expect(flagOf('BATCH_SIZE')).toBe('batch-size');
});

test('each side has its own options and those of both', () => {
  const [client, server] = [optionsFor('client'), optionsFor('server')];
  expect(new Set([...client, ...server])).toEqual(new Set(OPTION_NAMES));
  expect(client.filter((name) => server.includes(name))).toEqual(
    OPTION_NAMES.filter((name) => OPTIONS[name].side === 'both'),
  );
  expect(client).toContain('BATCH_SIZE');
  expect(server).not.toContain('BATCH_SIZE');
});

test.each(['', 'web-1', '{hostname}', 'tail:{hostname}.{pid}', 'x'.repeat(128)])(
  'SHIPPER_ID may be %j',
  (id) => {
    expect(OPTIONS.SHIPPER_ID.kind.parse(id)).toBe(id);
  },
);

test.each(['@plain', '-x', 'a b', 'a/b', 'ä', 'x'.repeat(129)])(
  'SHIPPER_ID may not be %j, nor may it on the wire',
  (id) => {
    expect(() => OPTIONS.SHIPPER_ID.kind.parse(id)).toThrow('expected');
    expect(isShipperId(id)).toBe(false);
  },
);
