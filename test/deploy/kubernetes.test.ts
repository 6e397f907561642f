/** The Kubernetes manifests: valid by the schemas of Kubernetes itself, and what they say of us is so. */
import { access, readFile, readdir } from 'node:fs/promises';
import { Deployment } from 'kubernetes-models/apps/v1/Deployment';
import { StatefulSet } from 'kubernetes-models/apps/v1/StatefulSet';
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget';
import { Namespace } from 'kubernetes-models/v1/Namespace';
import { PersistentVolumeClaim } from 'kubernetes-models/v1/PersistentVolumeClaim';
import { Service } from 'kubernetes-models/v1/Service';
import { describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { loadSettings } from '../../src/config/load.ts';
import { OPTION_NAMES } from '../../src/config/options.ts';

/** What `kubectl apply -k` is given, and a part of one of them. */
const FOLDERS = ['kubernetes', 'kubernetes/cluster', 'nats'];

interface Variable {
  readonly name: string;
  /** Absent where it is a secret, or of the pod. */
  readonly value?: string;
}

interface Container {
  readonly image: string;
  readonly args: readonly string[];
  readonly env?: readonly Variable[];
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

const KINDS = {
  Deployment,
  StatefulSet,
  PodDisruptionBudget,
  Namespace,
  NetworkPolicy,
  PersistentVolumeClaim,
  Service,
};

const folderOf = (name: string): URL => new URL(`../../deploy/${name}/`, import.meta.url);

const manifestFiles = async (folder: string): Promise<string[]> =>
  (await readdir(folderOf(folder))).filter((name) => name.endsWith('.yaml') && name !== 'kustomization.yaml');

const read = async (folder: string): Promise<Manifest[]> => {
  const names = await manifestFiles(folder);
  const texts = await Promise.all(names.map((name) => readFile(new URL(name, folderOf(folder)), 'utf8')));
  return texts
    .flatMap((text) => parseAllDocuments(text))
    .map((document) => {
      expect(document.errors).toEqual([]);
      return document.toJS() as Manifest;
    });
};
const all = (await Promise.all(FOLDERS.map(read))).flat();
const workloads = all.filter(({ kind }) => ['Deployment', 'StatefulSet'].includes(kind));

/** What a container of ours is told; a secret is some text. */
const variablesOf = ({ env = [] }: Container): Record<string, string> =>
  Object.fromEntries(env.map(({ name, value = 'secret' }) => [name, value]));

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

test.each(FOLDERS)(
  'the kustomization of deploy/%s names every file, and folders that have one',
  async (folder) => {
    const text = await readFile(new URL('kustomization.yaml', folderOf(folder)), 'utf8');
    const { resources, configMapGenerator = [] } = parse(text) as {
      resources: string[];
      configMapGenerator?: { files: string[] }[];
    };
    const files = resources.filter((name) => name.endsWith('.yaml'));
    expect(files.toSorted()).toEqual((await manifestFiles(folder)).toSorted());
    const folders = resources.filter((name) => !files.includes(name));
    for (const name of [
      ...folders.map((one) => `${one}/kustomization.yaml`),
      ...configMapGenerator.flatMap((one) => one.files),
    ])
      await expect(access(new URL(name, folderOf(folder)))).resolves.toBeUndefined();
  },
);

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
      for (const container of containers.filter((one) => one.image === 'logferry-server')) {
        const { METRICS_HOST, METRICS_PORT } = loadSettings({ flags: {}, env: variablesOf(container) });
        expect(METRICS_HOST).toBe('0.0.0.0');
        expect(container.ports).toContainEqual({ name: 'metrics', containerPort: METRICS_PORT });
        expect(annotations).toEqual({
          'prometheus.io/scrape': 'true',
          'prometheus.io/port': String(METRICS_PORT),
          'prometheus.io/path': '/metrics',
        });
      }
    });

    test('runs one of our commands with options that are there, and that go together', () => {
      for (const container of containers.filter((one) => one.image === 'logferry-server')) {
        expect(['serve', 'http', 'drain', 'follow']).toContain(container.args[0]);
        const variables = variablesOf(container);
        for (const name of Object.keys(variables)) expect(OPTION_NAMES).toContain(name);
        expect(() => loadSettings({ flags: {}, env: variables })).not.toThrow();
      }
    });
  },
);
