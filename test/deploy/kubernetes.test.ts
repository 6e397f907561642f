/** The Kubernetes manifests: valid by the schemas of Kubernetes itself, and what they say of us is so. */
import { readFile, readdir } from 'node:fs/promises';
import { Deployment } from 'kubernetes-models/apps/v1/Deployment';
import { StatefulSet } from 'kubernetes-models/apps/v1/StatefulSet';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget';
import { Namespace } from 'kubernetes-models/v1/Namespace';
import { PersistentVolumeClaim } from 'kubernetes-models/v1/PersistentVolumeClaim';
import { Service } from 'kubernetes-models/v1/Service';
import { describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { loadSettings } from '../../src/config/load.ts';
import { OPTION_NAMES } from '../../src/config/options.ts';

const FOLDER = new URL('../../deploy/kubernetes/', import.meta.url);

interface Container {
  readonly image: string;
  readonly args: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value: string }[];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly livenessProbe: object;
  readonly readinessProbe: object;
  readonly resources: {
    readonly requests: { readonly memory: string };
    readonly limits: { readonly memory: string };
  };
  readonly securityContext: object;
}
interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly selector: { readonly matchLabels: object };
    readonly ports: readonly { readonly targetPort: string }[];
    readonly template: {
      readonly metadata: {
        readonly labels: object;
        readonly annotations?: Readonly<Record<string, string>>;
      };
      readonly spec: { readonly securityContext: object; readonly containers: readonly Container[] };
    };
  };
}

const KINDS = { Deployment, StatefulSet, PodDisruptionBudget, Namespace, PersistentVolumeClaim, Service };

const names = (await readdir(FOLDER)).filter((name) => name.endsWith('.yaml'));
const read = async (name: string): Promise<Manifest[]> =>
  parseAllDocuments(await readFile(new URL(name, FOLDER), 'utf8')).map((document) => {
    expect(document.errors).toEqual([]);
    return document.toJS() as Manifest;
  });
const all = (await Promise.all(names.filter((name) => name !== 'kustomization.yaml').map(read))).flat();
const workloads = all.filter(({ kind }) => ['Deployment', 'StatefulSet'].includes(kind));

test.each(all.map((manifest) => [manifest.kind, manifest.metadata.name, manifest] as const))(
  '%s %s is what Kubernetes takes',
  (kind, _, manifest) => {
    const Kind = KINDS[kind as keyof typeof KINDS];
    expect(Kind, kind).toBeDefined();
    expect(() => new Kind(manifest as never).validate()).not.toThrow();
  },
);

test('what Kubernetes does not take is noticed', () => {
  const broken = structuredClone(all.find(({ kind }) => kind === 'Deployment')) as unknown as {
    spec: { replicas: unknown };
  };
  broken.spec.replicas = 'many';
  expect(() => new Deployment(broken as never).validate()).toThrow();
});

test('the kustomization names every file', async () => {
  const { resources } = parse(await readFile(new URL('kustomization.yaml', FOLDER), 'utf8')) as {
    resources: string[];
  };
  expect(resources.toSorted()).toEqual(names.filter((name) => name !== 'kustomization.yaml').toSorted());
});

describe.each(workloads.map((workload) => [workload.metadata.name, workload] as const))(
  '%s',
  (_, { spec }) => {
    const { containers, securityContext } = spec.template.spec;

    test('selects its own pods, and a service finds its ports', () => {
      const { labels } = spec.template.metadata;
      expect(labels).toMatchObject(spec.selector.matchLabels);
      const services = all.filter(
        (one) => one.kind === 'Service' && JSON.stringify(one.spec.selector) === JSON.stringify(labels),
      );
      const wanted = services.flatMap((service) => service.spec.ports.map(({ targetPort }) => targetPort));
      expect(wanted.toSorted()).toEqual(
        containers.flatMap(({ ports }) => ports.map(({ name }) => name)).toSorted(),
      );
    });

    test('is probed, limited, and may do nothing that it need not', () => {
      expect(securityContext).toMatchObject({
        runAsNonRoot: true,
        seccompProfile: { type: 'RuntimeDefault' },
      });
      for (const { livenessProbe, readinessProbe, resources, securityContext: rights } of containers) {
        expect(livenessProbe).toBeDefined();
        expect(readinessProbe).toBeDefined();
        expect(resources.requests.memory).toMatch(/^\d+[MG]i$/);
        expect(resources.limits.memory).toMatch(/^\d+[MG]i$/);
        expect(rights).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
      }
    });

    test('is scraped where its metrics are', () => {
      const { annotations = {} } = spec.template.metadata;
      for (const { env = [], ports } of containers.filter((one) => one.image === 'logferry-server')) {
        const { METRICS_HOST, METRICS_PORT } = loadSettings({
          flags: {},
          env: Object.fromEntries(env.map(({ name, value }) => [name, value])),
        });
        expect(METRICS_HOST).toBe('0.0.0.0');
        expect(ports).toContainEqual({ name: 'metrics', containerPort: METRICS_PORT });
        expect(annotations).toEqual({
          'prometheus.io/scrape': 'true',
          'prometheus.io/port': String(METRICS_PORT),
          'prometheus.io/path': '/metrics',
        });
      }
    });

    test('runs one of our commands with options that are there, and that go together', () => {
      for (const { image, args, env = [] } of containers.filter((one) => one.image === 'logferry-server')) {
        expect(image).toBe('logferry-server');
        expect(['serve', 'http', 'drain']).toContain(args[0]);
        for (const { name } of env) expect(OPTION_NAMES).toContain(name);
        const variables = Object.fromEntries(env.map(({ name, value }) => [name, value]));
        expect(() => loadSettings({ flags: {}, env: variables })).not.toThrow();
      }
    });
  },
);
