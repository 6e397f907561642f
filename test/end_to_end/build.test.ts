import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../helpers/until.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';
import { spawn } from 'node:child_process';

const run = promisify(execFile);
const OUT = 'dist-test';

describe('the build', () => {
  beforeAll(async () => {
    await run(process.execPath, [
      'node_modules/typescript/bin/tsc',
      '-p',
      'tsconfig.build.json',
      '--outDir',
      OUT,
    ]);
  });
  afterAll(() => rm(OUT, { recursive: true, force: true }));

  test('ships and verifies with the compiled programs alone', async () => {
    await using folder = await temporaryFolder();
    const server = spawn(process.execPath, [
      `${OUT}/server_main.js`,
      '--server-host',
      '127.0.0.1',
      '--server-port',
      '0',
      '--data-dir',
      folder.path,
    ]);
    try {
      let log = '';
      server.stdout.on('data', (bytes: Buffer) => (log += bytes.toString()));
      await until('the receiver listens', () => log.includes('listening on'));
      const port = /"port":(\d+)/.exec(log)?.[1] ?? '';
      const args = [
        '--server-host',
        '127.0.0.1',
        '--server-port',
        port,
        '--run-time',
        '0.2',
        '--log-rate',
        '1000',
        '--hello-timeout',
        '30',
      ];
      await run(process.execPath, [`${OUT}/client_main.js`, 'generate', ...args]);
      const { stdout } = await run(process.execPath, [`${OUT}/server_main.js`, 'verify', folder.path]);
      expect(stdout).toMatch(/200 entries[\s\S]*clean/);
    } finally {
      server.kill('SIGKILL');
    }
  });
});
