import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ReceiverOptions } from '../../src/receiver/receiver.ts';
import type { TestProcess } from './processes.ts';
import { compileThrift, startThriftPython } from './thrift_compiler.ts';
import { until } from './until.ts';

const SAMPLES = join(import.meta.dirname, '..', 'samples', 'thrift');

/** The schema as it was at four times; each file is a Python module of its own. */
export const GENERATIONS = ['generation_1', 'generation_2', 'generation_3', 'generation_4'] as const;
/** What nobody should have made of it. */
export const MISTAKES = ['changed_type', 'reused_id'] as const;

export const PROTOCOLS = ['binary', 'compact', 'json'] as const;
export const TRANSPORTS = ['framed', 'buffered'] as const;

/** Each protocol over each transport. */
export const WAYS = PROTOCOLS.flatMap((protocol) =>
  TRANSPORTS.map((transport) => ({ protocol, transport, isFramed: transport === 'framed' })),
);

/** Compiles all generations and mistakes for Python, into `folder`. */
export async function compileGenerations(folder: string): Promise<void> {
  const names = await readdir(SAMPLES);
  for (const name of [...GENERATIONS, ...MISTAKES]) {
    if (!names.includes(`${name}.thrift`)) throw new Error(`test/samples/thrift lacks ${name}.thrift`);
    const { isTaken, said } = compileThrift(join(SAMPLES, `${name}.thrift`), folder);
    if (!isTaken) throw new Error(`the compiler refuses ${name}.thrift: ${said}`);
  }
}

/** Thrift on any free port, with limits no test here reaches. */
export const THRIFT_LISTENER: NonNullable<ReceiverOptions['thrift']> = {
  listener: { host: '127.0.0.1', port: 0, maxConnections: 100, maxConnectionsPerAddress: 100 },
  limits: {
    maxMessageBytes: 16 * 1024 * 1024,
    maxStringBytes: 16 * 1024 * 1024,
    maxElements: 100_000,
    maxDepth: 64,
    idleTimeoutMs: 60_000,
  },
};

/** An entry that a Python server received: its fields by id. */
export type ReceivedFields = Readonly<Record<string, unknown>>;

export interface PythonServers extends AsyncDisposable {
  readonly process: TestProcess;
  /** `generation_1 binary framed`, or `multiplexed`. */
  portOf(name: string): number;
  receivedBy(name: string): ReceivedFields[];
}

/** Ordinary servers of these generations in every protocol and transport, and one that multiplexes. */
export async function startPythonServers(
  folder: string,
  generations: readonly string[],
): Promise<PythonServers> {
  const process = startThriftPython('thrift_log_server.py', [folder, ...generations]);
  await until(`the Python servers listen ${process.stderr}`, () =>
    process.messages().some(({ ready }) => ready === true),
  );
  const of = (name: string) => process.messages().filter(({ server }) => server === name);
  return {
    process,
    portOf: (name) => of(name).find(({ port }) => port !== undefined)?.port as number,
    receivedBy: (name) =>
      of(name).flatMap(({ event }) => (event === undefined ? [] : [event as ReceivedFields])),
    [Symbol.asyncDispose]: () => process[Symbol.asyncDispose](),
  };
}
