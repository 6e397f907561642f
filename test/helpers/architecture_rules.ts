import type { ImportGraph } from './import_graph.ts';

/** Lowest first. A file imports lower layers, or its own folder. */
const LAYERS = [
  ['base', 'entry'],
  ['wire', 'thrift'],
  ['archive', 'events', 'monitor', 'config'],
  ['users', 'jetstream'],
  ['shipper', 'receiver', 'outputs'],
  ['query'],
  ['dashboard'],
  ['tools', 'library'],
  ['commands'],
  ['entry point'],
];

/** What the wire may have from Node: bytes only, no socket, no file, no clock. */
const WIRE_MODULES = ['node:buffer', 'node:util', 'node:zlib'];

/** What it may have from below: where its bytes lie. */
const WIRE_BASE = 'src/base/large_buffers.ts';

/** The part of the house a file belongs to: its folder under src/, `entry`, or `entry point` for what is outside of src/. */
export function partOf(file: string): string {
  const match = /^src\/([^/]+?)(?:\.ts)?(?:\/|$)/.exec(file);
  return match?.[1] ?? 'entry point';
}

const layerOf = (file: string): number => LAYERS.findIndex((parts) => parts.includes(partOf(file)));
const isOurs = (name: string): boolean => name.endsWith('.ts');

interface Import {
  readonly from: string;
  readonly to: string;
}

/** Why an import is not allowed, by rule; undefined where it is. */
const RULES: readonly ((edge: Import) => string | undefined)[] = [
  ({ from, to }) => {
    const isDownhill = layerOf(to) < layerOf(from) || partOf(to) === partOf(from) || partOf(to) === 'entry';
    return !isOurs(to) || isDownhill ? undefined : 'imports a layer that is not below it';
  },
  ({ from, to }) =>
    isOurs(to) && layerOf(to) === -1
      ? `imports ${partOf(to)}, which is in no layer`
      : layerOf(from) === -1
        ? 'is in no layer'
        : undefined,
  ({ from, to }) =>
    partOf(from) === 'base' && isOurs(to) && partOf(to) !== 'base'
      ? 'is of base, which knows nothing of logs'
      : undefined,
  ({ from, to }) => {
    const isAllowed = isOurs(to)
      ? ['wire', 'entry'].includes(partOf(to)) || to === WIRE_BASE
      : WIRE_MODULES.includes(to);
    return partOf(from) !== 'wire' || isAllowed ? undefined : 'is of the wire, which is bytes only';
  },
  ({ from, to }) => {
    const mayConfigure = ['config', 'tools', 'library', 'commands', 'entry point'].includes(partOf(from));
    return partOf(to) === 'config' && !mayConfigure
      ? 'imports the configuration, which commands and entry points alone do'
      : undefined;
  },
  ({ from, to }) => {
    const [source, other] = [sourceOf(from), sourceOf(to)];
    return source !== undefined && other !== undefined && source !== other
      ? 'is a source that imports another source'
      : undefined;
  },
];

const sourceOf = (file: string): string | undefined => /^src\/shipper\/sources\/([^/]+)/.exec(file)?.[1];

/** Everything in these imports that breaks a rule, a line each. `roots` are the files from which the programs start. */
export function brokenRules(graph: ImportGraph, roots: readonly string[]): string[] {
  const problems: string[] = [];
  for (const [from, imports] of graph) {
    for (const to of imports) {
      for (const rule of RULES) {
        const problem = rule({ from, to });
        if (problem !== undefined) problems.push(`${from} → ${to}: ${problem}`);
      }
      if (isOurs(to) && !graph.has(to)) problems.push(`${from} → ${to}: there is no such file`);
    }
  }
  const cycle = firstCycle(graph);
  if (cycle !== undefined) problems.push(`${cycle.join(' → ')}: a cycle`);
  const reached = reachable(graph, roots);
  for (const file of graph.keys()) if (!reached.has(file)) problems.push(`${file}: nothing imports it`);
  return problems;
}

function reachable(graph: ImportGraph, roots: readonly string[]): Set<string> {
  const reached = new Set(roots);
  for (const file of reached) for (const to of graph.get(file) ?? []) if (isOurs(to)) reached.add(to);
  return reached;
}

/** A way from a file back to itself, if there is one. */
function firstCycle(graph: ImportGraph): string[] | undefined {
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): string[] | undefined => {
    const at = path.indexOf(file);
    if (at !== -1) return [...path.slice(at), file];
    if (done.has(file)) return undefined;
    for (const to of graph.get(file) ?? []) {
      const cycle = visit(to, [...path, file]);
      if (cycle !== undefined) return cycle;
    }
    done.add(file);
    return undefined;
  };
  for (const file of graph.keys()) {
    const cycle = visit(file, []);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}
