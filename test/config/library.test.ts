import { describe, expect, test } from 'vitest';
import { camelCase, libraryRows, librarySettings } from '../../src/config/library.ts';
import { ConfigError } from '../../src/config/load.ts';

/** All that is said to be wrong with these options. */
function problemsOf(options: Record<string, unknown>): readonly string[] {
  try {
    librarySettings(options);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

describe('the options of the library', () => {
  test('are those of the table in camelCase, with the defaults that it has or the library says', () => {
    const settings = librarySettings({}) as unknown as Record<string, unknown>;
    for (const [name, { kind, default: preset }] of libraryRows())
      expect([name, settings[name]]).toEqual([name, kind.parse(preset)]);
    expect(camelCase('BATCH_MAX_BYTES')).toBe('batchMaxBytes');
    expect(settings).toMatchObject({
      SERVER_HOST: '127.0.0.1',
      DELIVERY: 'acked',
      SPOOL_FULL: 'drop_newest',
    });
    expect(settings).toMatchObject({ QUEUE_FULL: 'drop_oldest', EXIT_TIMEOUT: 2, BATCH_SIZE: 50 });
  });

  test('take values and texts, and host and port for short', () => {
    expect(
      librarySettings({
        host: 'logs.example',
        port: '6000',
        batchMaxBytes: '64KiB',
        adaptiveEnabled: true,
        spoolDir: undefined,
      }),
    ).toMatchObject({
      SERVER_HOST: 'logs.example',
      SERVER_PORT: 6000,
      BATCH_MAX_BYTES: 65536,
      ADAPTIVE_ENABLED: true,
      SPOOL_DIR: '',
    });
    expect(librarySettings({ redact: ['email'], tags: 'auth' })).toMatchObject({
      REDACT: [{ tag: 'email' }],
    });
  });

  test('that are undefined are not given, whichever name comes first', () => {
    expect(librarySettings({ host: 'a', serverHost: undefined }).SERVER_HOST).toBe('a');
    expect(librarySettings({ serverHost: undefined, host: 'a' }).SERVER_HOST).toBe('a');
    expect(librarySettings({ port: undefined, serverPort: 6000 }).SERVER_PORT).toBe(6000);
  });

  test('are not read from the environment', () => {
    process.env.BATCH_SIZE = '7';
    expect(librarySettings({}).BATCH_SIZE).toBe(50);
    delete process.env.BATCH_SIZE;
  });

  test('that are wrong are all told at once', () => {
    const problems = problemsOf({
      ...{ batchSize: 0, compressionLevel: 'high', queueFull: 'block', batchSise: 1 },
      ...{ port: 1, serverPort: 2, onProblem: () => undefined, spoolDir: null },
    });
    expect(problems).toEqual([
      'batchSise is not an option',
      'serverPort and port are the same option',
      'onProblem is not an option',
      "spoolDir can't be null: expected text, a number, true or false",
      'QUEUE_FULL is "block" (option queueFull): expected one of drop_oldest, drop_newest',
      'BATCH_SIZE is "0" (option batchSize): expected 1 to 1000000',
      'COMPRESSION_LEVEL is "high" (option compressionLevel): expected a whole number',
    ]);
  });

  test.each([
    [{ spoolFull: 'block' }, 'spoolFull is block'],
    [{ compressionLevel: 12 }, 'COMPRESSION_LEVEL is 12: gzip goes up to 9'],
    [{ tlsCert: 'x.pem' }, 'TLS_CERT is set, and TLS_KEY is not'],
    [{ authToken: 'a b' }, 'AUTH_TOKEN is *** (option authToken)'],
    [{ redact: [1n] }, "redact can't be object"],
    [{ batchSize: { a: 1 } }, 'BATCH_SIZE is {"a":1} (option batchSize): expected a whole number'],
  ])('%o is refused', (options, problem) => {
    expect(problemsOf(options)).toEqual([expect.stringContaining(problem)]);
  });
});
