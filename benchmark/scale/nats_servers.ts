/** Real NATS servers with JetStream, measured as the other processes are: one, or a cluster on this machine. */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from '../../test/helpers/free_port.ts';
import { startProcess, type MeasuredProcess, type Usage } from '../measured_process.ts';
import { scratchFolder } from '../scratch_folder.ts';

export interface NatsServers extends AsyncDisposable {
  /** Of all of them, with commas between, as NATS_URL. */
  readonly url: string;
  readonly processes: readonly MeasuredProcess[];
  /** Ends them; what each cost from its start. */
  stop(): Promise<readonly Usage[]>;
}

interface Ports {
  readonly client: number;
  readonly monitor: number;
  readonly route: number;
}

/** A cluster has its leaders within some seconds, on a busy machine in some more. */
const READY_WITHIN_MS = 30_000;

/** Throws where `nats-server` is not installed, naming the package. */
export async function needNats(): Promise<void> {
  try {
    await promisify(execFile)('nats-server', ['--version']);
  } catch (cause) {
    throw new Error('nats-server is needed: it is in the Debian package of that name', { cause });
  }
}

/** Starts so many; settles when JetStream answers, in a cluster with a leader. Their data goes with them. */
export async function startNats(count: number, signal: AbortSignal): Promise<NatsServers> {
  await using stack = new AsyncDisposableStack();
  const scratch = stack.use(await scratchFolder());
  const ports = await Promise.all(Array.from({ length: count }, portsOfOne));
  const processes: MeasuredProcess[] = [];
  for (const n of ports.keys()) {
    const file = join(scratch.path, `${n}.conf`);
    await writeFile(file, configuration(ports, n, join(scratch.path, String(n))));
    processes.push(stack.use(await startProcess(['nats-server', '--config', file], signal)));
  }
  await Promise.race([allReady(ports, signal), ...processes.map(endedEarly)]);
  const held = stack.move();
  return {
    url: ports.map(({ client }) => `nats://127.0.0.1:${client}`).join(','),
    processes,
    async stop() {
      for (const server of processes) server.kill('SIGTERM');
      return Promise.all(processes.map(({ finished }) => finished));
    },
    [Symbol.asyncDispose]: () => held[Symbol.asyncDispose](),
  };
}

const portsOfOne = async (): Promise<Ports> => ({
  client: await freePort(),
  monitor: await freePort(),
  route: await freePort(),
});

function configuration(ports: readonly Ports[], n: number, folder: string): string {
  const { client, monitor, route } = ports[n] as Ports;
  const routes = ports.map((one) => `"nats://127.0.0.1:${one.route}"`).join(', ');
  const cluster = `cluster { name: benchmark, host: 127.0.0.1, port: ${route}, routes: [${routes}] }\n`;
  return `server_name: n${n}
host: 127.0.0.1
port: ${client}
http: 127.0.0.1:${monitor}
max_payload: 8MB
jetstream { store_dir: "${folder}" }
${ports.length === 1 ? '' : cluster}`;
}

async function allReady(ports: readonly Ports[], signal: AbortSignal): Promise<void> {
  const until = performance.now() + READY_WITHIN_MS;
  for (const { monitor } of ports) {
    while (!(await isReady(monitor))) {
      if (performance.now() > until) throw new Error('NATS has no JetStream within 30 s');
      await delay(20, undefined, { signal });
    }
  }
}

async function isReady(monitorPort: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${monitorPort}/healthz`)).ok;
  } catch {
    return false;
  }
}

async function endedEarly({ finished }: MeasuredProcess): Promise<never> {
  const { exitCode, stderr } = await finished;
  throw new Error(`nats-server ended with ${exitCode}:\n${stderr}`);
}
