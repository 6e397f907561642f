import { writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { showOptions } from '../../src/config/load.ts';
import { optionsFor, type OptionName } from '../../src/config/options.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';

test('options are shown as they were written, with where, and without their secrets', async () => {
  await using folder = await temporaryFolder();
  const file = folder.in('config.toml');
  await writeFile(
    file,
    '[archive]\nsegment_max_bytes = "1MiB"\nfsync = "never"\n[dashboard]\ntoken = "secret-1"\n',
  );
  const sources = {
    ...{ file, flags: { fsync: 'interval' } },
    env: { RETENTION_MAX_AGE: '60', AUTH_TOKENS: 'secret-2,secret-3', REDIS_URL: 'redis://u:secret-4@cache' },
  };
  const rows = showOptions(sources, optionsFor('server'));
  expect(rows.map(({ name }) => name)).toEqual(optionsFor('server'));
  const of = (name: OptionName) => rows.find((row) => row.name === name);
  expect(of('SEGMENT_MAX_BYTES')).toMatchObject({ value: '1MiB', where: file });
  expect(of('FSYNC')).toMatchObject({ value: 'interval', where: '--fsync' });
  expect(of('RETENTION_MAX_AGE')).toMatchObject({ value: '60', where: 'environment' });
  expect(of('SERVER_PORT')).toMatchObject({ value: '5000', where: 'default' });
  expect(of('DASHBOARD_TOKEN')).toMatchObject({ value: '***', where: file });
  expect(JSON.stringify(rows)).not.toContain('secret-');
});

test('a secret that is not set is shown as nothing', () => {
  const rows = showOptions({ flags: {}, env: {} }, ['DASHBOARD_TOKEN', 'AUTH_TOKENS']);
  expect(rows.map(({ value, where }) => [value, where])).toEqual([
    ['', 'default'],
    ['', 'default'],
  ]);
});
