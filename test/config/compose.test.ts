/** docker-compose.yml hands every option on, and none that is not there. */
import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { loadSettings } from '../../src/config/load.ts';
import { OPTIONS, optionsFor, type OptionName } from '../../src/config/options.ts';

/** What the images say, what would have to change with other lines of the file, and what makes no sense in a container. */
const NOT_HANDED_ON: readonly OptionName[] = [
  'DATA_DIR',
  'OUTPUT_DIR',
  'STATE_DIR',
  'SHIPPER_ID',
  'SHUTDOWN_TIMEOUT',
  'GENERATE_OUT',
];

/** Where these listen is another matter in a container: nobody else is on its loopback. */
const HOSTS: readonly OptionName[] = ['SERVER_HOST', 'METRICS_HOST', 'DASHBOARD_HOST'];

/** A line of an environment: the name, and `${variable:-default}` or a text. */
const LINE = /^ {6}([A-Z_]+): (?:\$\{([A-Z_]+):-(.*)\}|(.+))$/gm;

interface Line {
  readonly name: string;
  /** What it is set by, where it may be. */
  readonly variable: string | undefined;
  /** What it is where nobody sets it. */
  readonly text: string;
}

let text: string;
beforeAll(async () => {
  text = await readFile(new URL('../../docker-compose.yml', import.meta.url), 'utf8');
});

function environmentOf(service: string): Line[] {
  const [, block = ''] =
    new RegExp(`^ {2}${service}:(?: &\\w+)?\\n((?: {4}.*\\n|\\n)*)`, 'm').exec(text) ?? [];
  return [...block.matchAll(LINE)].map(([, name = '', variable, preset, fixed]) => ({
    name,
    variable,
    text: preset ?? fixed ?? '',
  }));
}

describe.each(['server', 'client'] as const)('the %s', (service) => {
  test('is handed every option it has, but those of its image', () => {
    const names = environmentOf(service).map(({ name }) => name);
    const options = optionsFor(service).filter((name) => !NOT_HANDED_ON.includes(name));
    expect([...names].sort()).toEqual([...options].sort());
  });

  test('by a variable of the same name, but for a client certificate, which is not the server’s', () => {
    for (const { name, variable } of environmentOf(service)) {
      const isOwn = service === 'client' && ['TLS_CERT', 'TLS_KEY', 'TLS_CA'].includes(name);
      if (name !== 'SERVER_HOST') expect(variable).toBe(isOwn ? `CLIENT_${name}` : name);
    }
  });

  test('where nothing is set, has the defaults', () => {
    const lines = environmentOf(service);
    const env = Object.fromEntries(lines.map((line) => [line.name, line.text]));
    const hosts = Object.fromEntries(HOSTS.map((name) => [name, env[name]]));
    expect(loadSettings({ flags: {}, env })).toEqual(loadSettings({ flags: {}, env: hosts }));
    for (const line of lines)
      if (line.variable !== undefined && !HOSTS.includes(line.name as OptionName))
        expect([OPTIONS[line.name as OptionName].default, '']).toContain(line.text);
  });
});

test('what a service runs, and what it is probed by, is text: a colon in a line of YAML makes a map of it', () => {
  const { services } = parse(text, { merge: true }) as {
    services: Record<string, { command?: unknown; healthcheck?: { test?: unknown; disable?: boolean } }>;
  };
  const probes = Object.values(services).flatMap(({ healthcheck }) => healthcheck?.test ?? []);
  const commands = Object.values(services).flatMap(({ command }) => command ?? []);
  expect(probes.length).toBeGreaterThan(10);
  expect([...probes, ...commands].filter((part) => typeof part !== 'string')).toEqual([]);
});

test('the dashboard and metrics of the server are reached from this machine, and from no other', () => {
  const { services } = parse(text, { merge: true }) as { services: { server: { ports: string[] } } };
  const presets = Object.fromEntries(environmentOf('server').map((line) => [line.name, line.text]));
  for (const [name, preset] of [
    ['DASHBOARD', '8080'],
    ['METRICS', '9101'],
  ] as const) {
    expect(presets[`${name}_HOST`]).toBe('0.0.0.0');
    const port = `\${${name}_PORT:-${preset}}`;
    expect(services.server.ports).toContain(`127.0.0.1:${port}:${port}`);
  }
});

describe.each([
  [
    'http',
    { HTTP_HOST: '0.0.0.0', HTTP_BUFFER: 'redis', REDIS_URL: 'redis://redis:6379', DRAIN_ENABLED: "'false'" },
  ],
  ['drainer', { REDIS_URL: 'redis://redis:6379' }],
  [
    'events',
    {
      DATABASE_URL: 'postgres://logferry:${POSTGRES_PASSWORD:-logferry}@postgres:5432/logferry',
      EVENTS_HOST: '0.0.0.0',
    },
  ],
] as const)('%s, of a profile of its own,', (service, own) => {
  test('is handed options of the server that have their defaults where nothing is set, but for what makes it that', () => {
    const lines = environmentOf(service);
    expect(lines.length).toBeGreaterThan(4);
    for (const { name, variable, text: preset } of lines) {
      expect(optionsFor('server')).toContain(name);
      if (variable === undefined) expect([name, preset]).toEqual([name, own[name as keyof typeof own]]);
      else expect([OPTIONS[name as OptionName].default, '']).toContain(preset);
      if (variable !== undefined) expect(variable).toBe(name);
    }
    expect(lines.filter(({ variable }) => variable === undefined)).toHaveLength(Object.keys(own).length);
  });
});
