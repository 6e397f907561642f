/** `generate` as a user runs it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { startProgram } from '../helpers/processes.ts';
import { ReceiverProgram, runClient, runServer, startShipper } from '../helpers/programs.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';
import { until } from '../helpers/until.ts';

const CLIENT = join(import.meta.dirname, '..', '..', 'client_main.ts');
const START = ['--start-time', '2026-01-31T12:00:00Z'];

/** A line of bash, to its end. */
async function bash(script: string) {
  const child = spawn('bash', ['-c', script], { env: { ...process.env, NODE: process.execPath, CLIENT } });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (bytes: Buffer) => (output.stdout += bytes.toString()));
  child.stderr.on('data', (bytes: Buffer) => (output.stderr += bytes.toString()));
  await once(child, 'close');
  return output;
}

describe('to standard output', () => {
  test.each(['0', '50'])('a reader that has seen enough ends it, quietly (rate %s)', async (rate) => {
    const { stdout, stderr } = await bash(
      `"$NODE" "$CLIENT" generate --out - --run-time 0 --log-rate ${rate} | head -3; echo "\${PIPESTATUS[@]}"`,
    );
    const lines = stdout.trimEnd().split('\n');
    expect(lines.slice(3)).toEqual(['0 0']);
    expect(lines.slice(0, 3).map((line) => (JSON.parse(line) as { n: number }).n)).toEqual([1, 2, 3]);
    expect(stderr).toBe('');
  });

  test('the same seed, count and start make the same bytes', async () => {
    const args = ['generate', '--out', '-', '--count', '2000', '--seed', '7', ...START];
    const [first, second] = await Promise.all([runClient(args), runClient(args)]);
    expect(first).toMatchObject({ code: 0 });
    expect(first.stdout.split('\n')).toHaveLength(2001);
    expect(second.stdout).toBe(first.stdout);
    expect(first.stderr).toContain('done: 2000 entries written to standard output');
  });

  test('it waits while nobody reads, and SIGTERM ends it with a whole line', async () => {
    await using program = startProgram('client_main.ts', ['generate'], {
      ...{ GENERATE_OUT: '-', LOG_RATE: '0', RUN_TIME: '0', GENERATE_FORMAT: 'syslog' },
    });
    await until('it has written something', () => program.stdout.length > 1_000_000);
    program.kill('SIGTERM');
    expect(await program.exited).toBe(0);
    expect(program.stdout.endsWith('\n')).toBe(true);
    const written = /done: (\d+) entries/.exec(program.stderr)?.[1];
    expect(program.stdout.split('\n')).toHaveLength(Number(written) + 1);
  });
});

describe('to a file', () => {
  test('a burst makes as many entries as it says, in real time', async () => {
    await using folder = await temporaryFolder();
    const path = folder.in('burst.csv');
    const { code } = await runClient(['generate', '--out', path, '--format', 'csv', '--pattern', 'burst'], {
      ...{ LOG_RATE: '20', RUN_TIME: '1', BURST_EVERY: '0.4', BURST_FOR: '0.1', BURST_RATE: '1000' },
    });
    expect(code).toBe(0);
    const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
    expect(lines.length - 1).toBe(0.8 * 20 + 0.2 * 1000);
  });

  test('that can not be made it exits 1 and names it', async () => {
    const { code, stderr } = await runClient(['generate', '--out', '/no/such/folder/x.jsonl']);
    expect(code).toBe(1);
    expect(stderr).toContain('/no/such/folder/x.jsonl');
  });
});

test.each(['json', 'csv', 'common', 'syslog'])(
  'to a receiver it ships what it would write: %s',
  async (format) => {
    await using folder = await temporaryFolder();
    await using receiver = await ReceiverProgram.start(folder.in('data'));
    const args = ['generate', '--count', '3000', '--format', format, ...START];
    await using shipper = startShipper(receiver.port, args, { STATE_DIR: folder.in('state') });
    expect(await shipper.ended()).toMatchObject({ code: 0 });
    const { stdout: written } = await runClient([...args, '--out', '-']);
    const { stdout: stored } = await runServer(['cat', folder.in('data')]);
    const lines = written
      .trimEnd()
      .split('\n')
      .slice(format === 'csv' ? 1 : 0);
    const expected = format === 'json' ? lines : lines.map((line) => JSON.stringify({ message: line }));
    expect(stored.trimEnd().split('\n')).toEqual(expected);
  },
);

test.each([
  [{ GENERATE_PATTERN: 'daily', LOG_RATE: '0' }, 'as fast as it can has no pattern'],
  [{ GENERATE_PATTERN: 'burst', BURST_FOR: '10', BURST_EVERY: '5' }, 'BURST_FOR (10) is to be shorter'],
  [{ GENERATE_START: 'tomorrow' }, 'expected a time such as'],
  [{ GENERATE_ERROR_RATE: '1.5' }, 'expected 0 to 1'],
])('%o is a configuration that is refused', async (env, problem) => {
  const { code, stderr } = await runClient(['generate', '--out', '-'], env);
  expect(code).toBe(2);
  expect(stderr).toContain(problem);
});
