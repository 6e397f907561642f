/** The configuration of the NATS servers, as docker-compose.yml and the manifests start them. */
import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';

const CONFIG = resolve('deploy/nats/nats.conf');

interface ComposeFile {
  readonly services: Record<
    string,
    { readonly command?: string; readonly environment: Record<string, string> }
  >;
}
interface Manifest {
  readonly kind: string;
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly containers: readonly {
          readonly args: readonly string[];
          readonly env: readonly { readonly name: string; readonly value?: string }[];
        }[];
      };
    };
  };
}

/** Has the server look at what it would be started with. */
function check(args: readonly string[], user: string, password: string): SpawnSyncReturns<string> {
  const [program = '', ...others] = args.map((arg) => (arg === '/etc/nats/nats.conf' ? CONFIG : arg));
  const env = { ...process.env, NATS_USER: user, NATS_PASSWORD: password };
  return spawnSync(program, [...others, '-t'], { env, encoding: 'utf8', timeout: 30_000 });
}

/** A password as nobody should have to think of it twice. */
const PASSWORD = '12 #{';

test('the servers of docker-compose.yml take their command line and file, with any password', async () => {
  const { services } = parse(await readFile('docker-compose.yml', 'utf8'), { merge: true }) as ComposeFile;
  for (const name of ['nats-1', 'nats-2', 'nats-3']) {
    const { command = '', environment } = services[name] ?? { environment: {} };
    expect(command).toContain(`--name ${name} `);
    const password = environment.NATS_PASSWORD?.replace(/\$\{.*\}/, PASSWORD) ?? '';
    expect(check(command.split(' '), 'someone', password)).toMatchObject({ status: 0 });
  }
});

test('and so do those of Kubernetes', async () => {
  const documents = parseAllDocuments(await readFile('deploy/nats/nats.yaml', 'utf8'));
  const manifests = documents.map((document) => document.toJS() as Manifest);
  const servers = manifests.find(({ kind }) => kind === 'StatefulSet');
  const [{ args, env } = { args: [], env: [] }] = servers?.spec.template.spec.containers ?? [];
  const password =
    env.find(({ name }) => name === 'NATS_PASSWORD')?.value?.replace(/\$\(.*\)/, PASSWORD) ?? '';
  expect(check(args, 'someone', password)).toMatchObject({ status: 0 });
});

test('without quotes a password of digits would be a number, which they do not take', () => {
  const args = ['nats-server', '--config', CONFIG];
  expect(check(args, 'someone', '"123"')).toMatchObject({ status: 0 });
  expect(check(args, 'someone', '123').status).not.toBe(0);
});
