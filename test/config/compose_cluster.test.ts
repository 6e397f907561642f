/** The profile `cluster` of docker-compose.yml: who is told of whom, and who keeps what. */
import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { loadSettings } from '../../src/config/load.ts';
import type { Settings } from '../../src/config/options.ts';

interface Service {
  readonly command?: string;
  readonly profiles?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly environment: Readonly<Record<string, string | number>>;
  readonly volumes: readonly string[];
  readonly ports?: readonly string[];
}

const NATS = ['nats-1', 'nats-2', 'nats-3'];
const RECEIVERS = ['receiver-1', 'receiver-2'];
const WORKERS = ['worker-1', 'worker-2'];

let services: Record<string, Service>;
beforeAll(async () => {
  const text = await readFile(new URL('../../docker-compose.yml', import.meta.url), 'utf8');
  ({ services } = parse(text, { merge: true }) as { services: Record<string, Service> });
});

function serviceOf(name: string): Service {
  const service = services[name];
  if (service === undefined) throw new Error(`docker-compose.yml has no service ${name}`);
  return service;
}

/** What a service is told where nobody sets a variable. */
function settingsOf(name: string): Settings {
  const told = Object.entries(serviceOf(name).environment);
  const env = told.map(([key, text]) => [key, String(text).replace(/\$\{[A-Z_]+:-(.*)\}/, '$1')]);
  return loadSettings({ flags: {}, env: Object.fromEntries(env) as Record<string, string> });
}

/** The volumes and folders that a service has for itself, without the secrets and what is only read. */
const keepsIn = (name: string): string[] =>
  serviceOf(name).volumes.filter((volume) => !volume.endsWith(':ro'));

test('all of it is of the profile, and nothing else is', () => {
  const members = Object.keys(services).filter((name) => services[name]?.profiles?.includes('cluster'));
  expect(members.toSorted()).toEqual([...NATS, ...RECEIVERS, ...WORKERS, 'cluster-client'].toSorted());
});

describe.each([...RECEIVERS, ...WORKERS])('%s', (name) => {
  test('is told of the NATS servers, and waits for them', () => {
    const settings = settingsOf(name);
    expect(settings.NATS_URL).toBe(NATS.map((server) => `nats://${server}:4222`).join(','));
    expect(settings.NATS_REPLICAS).toBe(NATS.length);
    expect(settings.NATS_USER).toBe('logferry');
    expect(Object.keys(serviceOf(name).depends_on ?? {})).toEqual(NATS);
  });
});

test.each(RECEIVERS)('%s ships into the stream, and keeps nothing', (name) => {
  expect(settingsOf(name)).toMatchObject({ COMMIT_LOG: 'jetstream', OUTPUTS: [] });
  expect(keepsIn(name)).toEqual([]);
});

test('each worker writes an archive of its own, and its outputs', () => {
  for (const name of WORKERS) {
    expect(serviceOf(name).command).toBe('follow --from jetstream --output archive');
    expect(serviceOf(name).environment.OUTPUTS).toBe('${OUTPUTS:-}');
  }
  const kept = [...NATS, ...WORKERS].flatMap(keepsIn);
  expect(kept).toHaveLength(NATS.length + WORKERS.length);
  expect(new Set(kept).size).toBe(kept.length);
});

test('clients have the receivers as their list', () => {
  expect(settingsOf('cluster-client').SERVER_HOST).toBe(RECEIVERS.join(','));
  expect(Object.keys(serviceOf('cluster-client').depends_on ?? {})).toEqual(RECEIVERS);
});

test('receivers are reached at ports of their own, NATS at none', () => {
  const ports = RECEIVERS.flatMap((name) => serviceOf(name).ports ?? []);
  expect(ports).toEqual([
    '${RECEIVER_1_PORT:-5001}:${SERVER_PORT:-5000}',
    '${RECEIVER_2_PORT:-5002}:${SERVER_PORT:-5000}',
  ]);
  for (const name of [...NATS, ...WORKERS]) expect(serviceOf(name)).not.toHaveProperty('ports');
});
