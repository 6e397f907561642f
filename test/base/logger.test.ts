import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { LOG_LEVELS } from '../../src/base/logger.ts';
import { OPTIONS } from '../../src/config/options.ts';

const PROGRAM = `
import { createLogger } from ${JSON.stringify(new URL('../../src/base/logger.ts', import.meta.url).href)};
const log = await createLogger('logferryd', 'info', Number(process.argv[1]));
log.debug('not this');
log.info({ port: 5000 }, 'listening');
process.exit(0);
`;

describe('the logger of a process that is not at a terminal', () => {
  test.each([
    ['standard output', '1'],
    ['standard error', '2'],
  ])('writes JSON lines to %s, the last one before an exit too', async (_, fd) => {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [
      '--input-type=module',
      '-e',
      PROGRAM,
      fd,
    ]);
    const [written, silent] = fd === '1' ? [stdout, stderr] : [stderr, stdout];
    expect(silent).toBe('');
    expect(written.trim().split('\n')).toHaveLength(1);
    expect(JSON.parse(written)).toEqual({
      level: 30,
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string,
      name: 'logferryd',
      port: 5000,
      msg: 'listening',
    });
  });
});

test('the levels are those that the configuration takes', () => {
  expect(OPTIONS.LOG_LEVEL.kind.name).toBe(LOG_LEVELS.join(' | '));
});
