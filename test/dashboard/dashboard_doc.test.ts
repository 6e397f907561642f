/** docs/DASHBOARD.md: its commands do what it says, and its options are those there are. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { DASHBOARD_OPTIONS } from '../../src/config/options/dashboard.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';
import { until } from '../helpers/until.ts';

const ROOT = join(import.meta.dirname, '../..');
const doc = await readFile(join(ROOT, 'docs/DASHBOARD.md'), 'utf8');
const commands = [...doc.matchAll(/^.*npm start.*$/gm)].map(([line]) => line);

test('it has all options, with their defaults', () => {
  const rows = [...doc.matchAll(/^\| `(DASHBOARD_\w+)` \| (?:`(.+?)`)? ?\|/gm)];
  expect(Object.fromEntries(rows.map(([, name, preset = '']) => [name, preset]))).toEqual(
    Object.fromEntries(Object.entries(DASHBOARD_OPTIONS).map(([name, row]) => [name, row.default])),
  );
});

test.each(commands)('%s', async (command) => {
  await using folder = await temporaryFolder();
  const env = { ...process.env, SERVER_PORT: '0', DASHBOARD_PORT: '0', DATA_DIR: folder.in('data') };
  const child = spawn('sh', ['-c', command], { cwd: ROOT, env, detached: true });
  const ended = once(child, 'close');
  let said = '';
  child.stdout.on('data', (bytes: Buffer) => (said += bytes.toString()));
  try {
    await until('it listens', () => /"msg":"listening on/.test(said), 60_000);
    const port = Number(/"dashboardPort":(\d+)/.exec(said)?.[1]);
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(200);
    const { status } = await fetch(`http://127.0.0.1:${port}/api/configuration`);
    expect(status).toBe(command.includes('DASHBOARD_TOKEN') ? 401 : 200);
    expect(said).not.toContain('whoever reaches the port');
  } finally {
    process.kill(-(child.pid ?? 0), 'SIGTERM');
    await ended;
  }
});

test('it has two commands that start a receiver', () => {
  expect(commands).toHaveLength(2);
});
