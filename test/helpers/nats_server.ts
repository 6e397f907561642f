/** A real nats-server with JetStream, on free ports and in a folder of its own; ended with its handle. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { quietPort } from './quiet_port.ts';
import { temporaryFolder, type TemporaryFolder } from './temp_folder.ts';
import { until } from './until.ts';

/** What a server's configuration says beside its ports and folder, in NATS' own syntax. */
export interface NatsWishes {
  readonly config?: string;
  /** The longest message; 8 MB where left out. */
  readonly maxPayload?: string;
  /** For a cluster: this server's name, and the ports where it finds the others. They are told of no other way to it. */
  readonly cluster?: {
    readonly name: string;
    readonly routePort: number;
    readonly routes: readonly number[];
  };
}

export class NatsServer implements AsyncDisposable {
  readonly port: number;
  readonly monitorPort: number;
  readonly #folder: TemporaryFolder;
  readonly #wishes: NatsWishes;
  #child: ChildProcess | undefined;

  private constructor(port: number, monitorPort: number, folder: TemporaryFolder, wishes: NatsWishes) {
    this.port = port;
    this.monitorPort = monitorPort;
    this.#folder = folder;
    this.#wishes = wishes;
  }

  static async start(wishes: NatsWishes = {}): Promise<NatsServer> {
    for (let attempt = 0; ; attempt += 1) {
      const server = new NatsServer(await quietPort(), await quietPort(), await temporaryFolder(), wishes);
      try {
        await server.again();
        return server;
      } catch (error) {
        await server[Symbol.asyncDispose]();
        if (attempt === 3) throw error;
      }
    }
  }

  get url(): string {
    return `nats://127.0.0.1:${this.port}`;
  }

  /** Starts it, on the ports and with the data it had; settles when it answers, which in a cluster is before it has found the others. */
  async again(): Promise<void> {
    const file = join(this.#folder.path, 'nats.conf');
    await writeFile(file, this.#config());
    const child = spawn('nats-server', ['--config', file], { stdio: 'ignore' });
    this.#child = child;
    const failed = new Promise<never>((_, reject) => child.once('error', reject));
    await Promise.race([failed, until('nats-server answers', () => this.#answers(child), 20_000)]);
  }

  /** As a power cut has it, but for what the disk holds. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** In order: it hands its leaderships over. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  /** Its process stands still, and goes on. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child?.kill(signal);
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    child.kill('SIGCONT');
    await ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await this.#folder[Symbol.asyncDispose]();
  }

  #config(): string {
    const { config = '', maxPayload = '8MB', cluster } = this.#wishes;
    const clustered =
      cluster === undefined
        ? ''
        : `server_name: ${cluster.name}
cluster { name: logferry, host: 127.0.0.1, port: ${cluster.routePort}, advertise: "127.0.0.1:1", routes: [${cluster.routes.map((port) => `"nats://127.0.0.1:${port}"`).join(', ')}] }
`;
    return `host: 127.0.0.1
port: ${this.port}
http: 127.0.0.1:${this.monitorPort}
jetstream { store_dir: "${join(this.#folder.path, 'data')}" }
max_payload: ${maxPayload}
${clustered}${config}
`;
  }

  async #answers(child: ChildProcess): Promise<boolean> {
    if (child.exitCode !== null) throw new Error(`nats-server ended with ${child.exitCode}`);
    try {
      return (await fetch(`http://127.0.0.1:${this.monitorPort}/varz`)).ok;
    } catch {
      return false;
    }
  }
}
