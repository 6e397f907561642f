import { readFile, writeFile } from 'node:fs/promises';
import { parse } from 'smol-toml';
import { expect, test } from 'vitest';
import { loadSettings } from '../../src/config/load.ts';
import { OPTIONS, OPTION_NAMES } from '../../src/config/options.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';

const example = await readFile(new URL('../../config.toml.example', import.meta.url), 'utf8');
/** What is set in it, were it not commented out. */
const uncommented = example.replaceAll(/^#(?=[a-z0-9_]+ = )/gm, '');

test('config.toml.example, uncommented, says what is so without it', async () => {
  await using folder = await temporaryFolder();
  await writeFile(folder.in('example.toml'), example);
  await writeFile(folder.in('uncommented.toml'), uncommented);
  const defaults = loadSettings({ flags: {}, env: {} });
  expect(loadSettings({ flags: {}, env: {}, file: folder.in('example.toml') })).toEqual(defaults);
  expect(loadSettings({ flags: {}, env: {}, file: folder.in('uncommented.toml') })).toEqual(defaults);
});

test('it has every option, under its key', () => {
  const tree = parse(uncommented);
  for (const name of OPTION_NAMES) {
    const [key = '', section] = OPTIONS[name].toml.split('.').reverse();
    expect(section === undefined ? tree : tree[section]).toHaveProperty(key);
  }
});

test('keys may stand for other options than usual', async () => {
  await using folder = await temporaryFolder();
  const file = folder.in('config.toml');
  await writeFile(file, '[server]\nhost = "::1"\nport = 3001\n[redis]\nurl = "redis://cache:6379"\n');
  const keys = { 'server.host': 'HTTP_HOST', 'server.port': 'HTTP_PORT' } as const;
  expect(loadSettings({ flags: {}, env: {}, file, keys })).toMatchObject({
    HTTP_HOST: '::1',
    HTTP_PORT: 3001,
    SERVER_PORT: 5000,
    REDIS_URL: 'redis://cache:6379',
  });
  expect(loadSettings({ flags: {}, env: { HTTP_PORT: '3002' }, file, keys }).HTTP_PORT).toBe(3002);
});
