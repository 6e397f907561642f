import { writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { ConfigError, loadSettings, type ConfigSources } from '../../src/config/load.ts';
import { OPTIONS, OPTION_NAMES, flagOf, type OptionName, type Settings } from '../../src/config/options.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';

const load = (sources: Partial<ConfigSources> = {}): Settings =>
  loadSettings({ flags: {}, env: {}, ...sources });

/** Every problem with these sources. */
function problemsOf(sources: Partial<ConfigSources>): readonly string[] {
  try {
    load(sources);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

/** A text that no option of this kind takes. */
function badText(name: OptionName): string {
  const candidates = ['12.5.1', 'not any of these!', '-', '', 'a\0b'];
  const bad = candidates.find((text) => {
    try {
      OPTIONS[name].kind.parse(text);
      return false;
    } catch {
      return true;
    }
  });
  if (bad === undefined) throw new Error(`${name} takes any text`);
  return bad;
}

describe('with nothing given, every option has its default', () => {
  test.each(OPTION_NAMES)('%s', (name) => {
    expect(load()[name]).toEqual(OPTIONS[name].kind.parse(OPTIONS[name].default));
  });

  test('as the original protocol had them', () => {
    expect(load()).toMatchObject({
      SERVER_HOST: '0.0.0.0',
      SERVER_PORT: 5000,
      BATCH_SIZE: 50,
      BATCH_INTERVAL: 5,
      COMPRESSION_ALGORITHM: 'gzip',
      COMPRESSION_LEVEL: 6,
      COMPRESSION_ENABLED: true,
      LOG_RATE: 100,
      RUN_TIME: 30,
      BYPASS_THRESHOLD: 256,
      ADAPTIVE_ENABLED: false,
      ADAPTIVE_MIN_LEVEL: 1,
      ADAPTIVE_MAX_LEVEL: 9,
      ADAPTIVE_CHECK_INTERVAL: 5,
    });
  });
});

describe('a bad value is a problem that names the option, the value and where it was', () => {
  test.each(OPTION_NAMES)('%s', (name) => {
    const text = badText(name);
    const problems = problemsOf({ flags: { [flagOf(name)]: text } });
    expect(problems).toEqual([
      expect.stringContaining(
        `${name} is ${OPTIONS[name].secret === true ? '***' : JSON.stringify(text)} (--${flagOf(name)}): expected `,
      ),
    ]);
  });
});

test('all problems are told at once', async () => {
  await using folder = await temporaryFolder();
  await writeFile(
    folder.in('logferry.toml'),
    'colour = "blue"\n[server]\nport = "http"\n[limits]\nmax_connections = [1, 2]\n',
  );
  const problems = problemsOf({
    flags: { 'batch-size': '0', fsync: 'sometimes' },
    env: { COMPRESSION_LEVEL: '20', LOG_LEVEL: 'loud' },
    file: folder.in('logferry.toml'),
  });
  const expected = [
    'colour is not an option',
    'max_connections must be a single value',
    'SERVER_PORT',
    'BATCH_SIZE',
    'FSYNC',
    'COMPRESSION_LEVEL',
    'LOG_LEVEL',
  ];
  for (const part of expected) expect(problems).toContainEqual(expect.stringContaining(part));
  expect(problems).toHaveLength(expected.length);
  const error = new ConfigError(problems);
  for (const problem of problems) expect(error.message).toContain(problem);
});

describe('what is given is taken from', () => {
  const from = async (where: { flag?: string; env?: string; toml?: string }): Promise<number> => {
    await using folder = await temporaryFolder();
    await writeFile(
      folder.in('logferry.toml'),
      where.toml === undefined ? '' : `[batch]\nsize = ${where.toml}\n`,
    );
    return load({
      flags: where.flag === undefined ? {} : { 'batch-size': where.flag },
      env: { BATCH_SIZE: where.env },
      file: folder.in('logferry.toml'),
    }).BATCH_SIZE;
  };

  test.each([
    ['the flag, over all', { flag: '1', env: '2', toml: '3' }, 1],
    ['the environment, over the file', { env: '2', toml: '3' }, 2],
    ['the file, over the default', { toml: '3' }, 3],
    ['the default', {}, 50],
    ['the file, when the variable is set to nothing', { env: '', toml: '3' }, 3],
    ['the flag, with white space around it', { flag: ' 7 ' }, 7],
  ])('%s', async (_, where, size) => {
    expect(await from(where)).toBe(size);
  });
});

describe('the TOML file', () => {
  test('takes every option under its key, as text or as a value of its own', async () => {
    await using folder = await temporaryFolder();
    const lines = OPTION_NAMES.map(
      (name) => `${OPTIONS[name].toml} = ${JSON.stringify(OPTIONS[name].default)}`,
    );
    await writeFile(folder.in('text.toml'), `${lines.join('\n')}\n`);
    expect(load({ file: folder.in('text.toml') })).toEqual(load());
    await writeFile(
      folder.in('values.toml'),
      '[compression]\nenabled = false\nlevel = 3\n[batch]\ninterval_seconds = 0.25\n[archive]\nsegment_max_bytes = "1MiB"\n',
    );
    expect(load({ file: folder.in('values.toml') })).toMatchObject({
      COMPRESSION_ENABLED: false,
      COMPRESSION_LEVEL: 3,
      BATCH_INTERVAL: 0.25,
      SEGMENT_MAX_BYTES: 1_048_576,
    });
  });

  test.each([
    ['an unknown key', 'colour = "blue"', 'colour is not an option'],
    ['an unknown key of a table', '[batch]\nsizes = 3', 'batch.sizes is not an option'],
    ['an unknown table', '[batches]\nsize = 3', 'batches.size is not an option'],
    ['a list', '[batch]\nsize = [1]', 'batch.size must be a single value'],
    ['a date', '[batch]\nsize = 2026-01-31', 'batch.size must be a single value'],
    ['an environment name', 'BATCH_SIZE = 3', 'BATCH_SIZE is not an option'],
    ['what is not TOML', 'size == 3', 'logferry.toml: '],
  ])('may not hold %s', async (_, toml, problem) => {
    await using folder = await temporaryFolder();
    await writeFile(folder.in('logferry.toml'), toml);
    expect(problemsOf({ file: folder.in('logferry.toml') })).toEqual([expect.stringContaining(problem)]);
  });

  test('must be there when it is named', () => {
    expect(problemsOf({ file: '/nonexistent/logferry.toml' })).toEqual([
      expect.stringContaining('/nonexistent/logferry.toml'),
    ]);
  });
});

describe('aliases', () => {
  test.each([
    ['--batch is --batch-size', { batch: '7' }, { BATCH_SIZE: 7 }],
    ['--interval is --batch-interval in milliseconds', { interval: '250' }, { BATCH_INTERVAL: 0.25 }],
    ['--interval takes fractions', { interval: '1.5' }, { BATCH_INTERVAL: 0.0015 }],
    ['the name of the option goes before its alias', { batch: '7', 'batch-size': '8' }, { BATCH_SIZE: 8 }],
  ])('%s', (_, flags: Record<string, string>, settings) => {
    expect(load({ flags })).toMatchObject(settings);
  });

  test.each([
    [{ interval: 'soon' }, 'BATCH_INTERVAL is "soon" (--interval): expected a number'],
    [{ batch: '0' }, 'BATCH_SIZE is "0" (--batch): expected 1 to 1000000'],
  ])('a bad value of %o names the alias', (flags: Record<string, string>, problem) => {
    expect(problemsOf({ flags })).toEqual([problem]);
  });
});

describe('values that are each fine are a problem together', () => {
  test.each([
    ['a gzip level of 10', { COMPRESSION_LEVEL: '10' }, ['COMPRESSION_LEVEL is 10: gzip goes up to 9']],
    [
      'a zlib level of 19',
      { COMPRESSION_ALGORITHM: 'zlib', COMPRESSION_LEVEL: '19' },
      ['COMPRESSION_LEVEL is 19: zlib goes up to 9'],
    ],
    [
      'an adaptive maximum of 12 with gzip',
      { ADAPTIVE_MAX_LEVEL: '12' },
      ['ADAPTIVE_MAX_LEVEL is 12: gzip goes up to 9'],
    ],
    [
      'an adaptive minimum above the maximum',
      { ADAPTIVE_MIN_LEVEL: '6', ADAPTIVE_MAX_LEVEL: '5' },
      ['ADAPTIVE_MIN_LEVEL (6) is above ADAPTIVE_MAX_LEVEL (5)'],
    ],
    ['an archive level of 10 with gzip', { ARCHIVE_LEVEL: '10' }, ['ARCHIVE_LEVEL is 10: gzip goes up to 9']],
    [
      'several of them',
      { COMPRESSION_LEVEL: '10', ARCHIVE_LEVEL: '10' },
      ['COMPRESSION_LEVEL is 10: gzip goes up to 9', 'ARCHIVE_LEVEL is 10: gzip goes up to 9'],
    ],
    [
      'some, beside one that is wrong by itself',
      {
        COMPRESSION_ALGORITHM: 'lzma',
        COMPRESSION_LEVEL: '19',
        ADAPTIVE_MIN_LEVEL: '6',
        ADAPTIVE_MAX_LEVEL: '5',
      },
      [
        'COMPRESSION_ALGORITHM is "lzma" (environment): expected one of gzip, zlib, zstd',
        'ADAPTIVE_MIN_LEVEL (6) is above ADAPTIVE_MAX_LEVEL (5)',
      ],
    ],
    [
      'zstd takes level 19',
      {
        COMPRESSION_ALGORITHM: 'zstd',
        COMPRESSION_LEVEL: '19',
        ADAPTIVE_MAX_LEVEL: '19',
        ARCHIVE_FORMAT: 'zstd',
        ARCHIVE_LEVEL: '19',
      },
      [],
    ],
  ])('%s', (_, env: Record<string, string>, problems) => {
    expect(problemsOf({ env })).toEqual(problems);
  });
});
