import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { generatedFiles } from '../../scripts/generate_docs.ts';
import { OPTIONS, flagOf, optionsFor } from '../../src/config/options.ts';
import { Program, runServer } from '../helpers/programs.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';

async function run(
  script: 'server_main.ts' | 'client_main.ts',
  args: readonly string[],
  env: Record<string, string> = {},
) {
  await using program = new Program(script, args, env);
  return await program.ended();
}

describe('the command line', () => {
  test('--version is the version of the package', async () => {
    const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string };
    expect(await run('client_main.ts', ['--version'])).toMatchObject({ code: 0, stdout: `${version}\n` });
  });

  test.each([
    ['server_main.ts', 'server', ['serve', '--help']],
    ['client_main.ts', 'client', ['generate', '--help']],
  ] as const)(
    '%s --help names every option of its side with its environment name and default',
    async (script, side, args) => {
      const { code, stdout } = await run(script, args);
      expect(code).toBe(0);
      const flat = stdout.replace(/\s+/g, ' ');
      for (const name of optionsFor(side)) {
        expect(flat).toContain(`--${flagOf(name)} <`);
        expect(flat).toContain(`(environment: ${name}, default: ${OPTIONS[name].default || 'empty'})`);
      }
    },
  );

  test('the generated docs are what the option table says', async () => {
    for (const [path, text] of Object.entries(generatedFiles(await readFile('README.md', 'utf8'))))
      expect(await readFile(path, 'utf8')).toBe(text);
  });

  test('a wrong configuration exits 2 with every problem, before anything is touched', async () => {
    await using folder = await temporaryFolder();
    const data = folder.in('data');
    const { code, stderr } = await run('server_main.ts', ['--server-port', '99999'], {
      FSYNC: 'sometimes',
      SEGMENT_MAX_BYTES: 'big',
      DATA_DIR: data,
    });
    expect(code).toBe(2);
    expect(stderr).toContain('3 problems');
    for (const name of ['SERVER_PORT', 'FSYNC', 'SEGMENT_MAX_BYTES']) expect(stderr).toContain(name);
    await expect(readFile(data)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test.each([
    ['an unknown flag', ['--no-such-flag']],
    ['an unknown command', ['launch']],
    ['send without a file', ['send']],
  ])('%s exits 2 and says so', async (_what, args) => {
    const { code, stderr } = await run('client_main.ts', args);
    expect(code).toBe(2);
    expect(stderr).toMatch(/error: /);
  });

  test('send of a file that is not there exits 1 and names it', async () => {
    await using folder = await temporaryFolder();
    const { code, stderr } = await run('client_main.ts', [
      'send',
      folder.in('missing.jsonl'),
      '--delivery',
      'plain',
      '--server-port',
      '1',
    ]);
    expect(code).toBe(1);
    expect(stderr).toContain('missing.jsonl');
  });

  test('verify of a folder that is not there exits 1 and names it', async () => {
    const { code, stderr } = await runServer(['verify', '/no/such/archive']);
    expect(code).toBe(1);
    expect(stderr).toContain('/no/such/archive');
  });

  test('a port that is taken is told in one line, exit 1', async () => {
    await using folder = await temporaryFolder();
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    try {
      const port = (holder.address() as { port: number }).port;
      const { code, stderr } = await run('server_main.ts', [], {
        SERVER_HOST: '127.0.0.1',
        SERVER_PORT: String(port),
        DATA_DIR: folder.in('data'),
      });
      expect(code).toBe(1);
      expect(stderr).toContain('EADDRINUSE');
      expect(stderr.trim().split('\n')).toHaveLength(1);
    } finally {
      holder.close();
    }
  });
});
