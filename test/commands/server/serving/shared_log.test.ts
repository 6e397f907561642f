import { expect, test } from 'vitest';
import { sharedLogOf } from '../../../../src/commands/server/serving/shared_log.ts';
import { ConfigError, loadSettings } from '../../../../src/config/load.ts';

const settingsOf = (env: Readonly<Record<string, string>>) => loadSettings({ flags: {}, env });

test('an archive is what is written where nothing else is said', () => {
  expect(sharedLogOf(settingsOf({}))).toEqual({});
});

test.each([
  [{ OUTPUTS: 'csv,sqlite' }, 'run follow --from jetstream --output csv'],
  [
    { HTTP_BUFFER: 'redis', HTTP_BUFFER_FALLBACK: 'archive' },
    'HTTP_BUFFER_FALLBACK=archive wants an archive',
  ],
])('%j is refused beside a stream, and what to do instead is said', (env, problem) => {
  const open = () => sharedLogOf(settingsOf({ COMMIT_LOG: 'jetstream', ...env }));
  expect(open).toThrow(ConfigError);
  expect(open).toThrow(problem);
});
