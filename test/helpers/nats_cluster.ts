/**
 * Real nats-servers with JetStream that are one cluster, over routes which can be cut: each goes through a proxy of its own, so a
 * server can be cut off from the others while its clients still reach it.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { FaultProxy } from './fault_proxy.ts';
import { NatsServer } from './nats_server.ts';
import { quietPort } from './quiet_port.ts';
import { until } from './until.ts';

/** `reset`: the routes break and can't be made again; `silence`: they stand, and nothing comes over them. */
export type Cut = 'reset' | 'silence';

/** An election takes up to ten seconds, and a busy machine its time. */
const PATIENCE_MS = 60_000;

const LOOK_EVERY_MS = 50;

interface Route {
  readonly from: number;
  readonly to: number;
  readonly proxy: FaultProxy;
}

interface Member {
  readonly server: NatsServer;
  /** The routes between it and the others. */
  readonly routes: readonly FaultProxy[];
  isUp: boolean;
}

export class NatsCluster implements AsyncDisposable {
  readonly #members = new Map<string, Member>();
  readonly #resources = new AsyncDisposableStack();

  /** Starts servers n1, n2, … with `config` in each; settles when they have found one another. */
  static async start(size = 3, config = ''): Promise<NatsCluster> {
    for (let attempt = 0; ; attempt += 1) {
      const cluster = new NatsCluster();
      try {
        await cluster.#start(size, config);
        return cluster;
      } catch (error) {
        await cluster[Symbol.asyncDispose]();
        if (attempt === 3) throw error;
      }
    }
  }

  async #start(size: number, config: string): Promise<void> {
    const ports = await Promise.all(Array.from({ length: size }, () => quietPort()));
    const routes = await this.#routes(ports);
    for (const [n, routePort] of ports.entries()) {
      const asks = routes.filter(({ from }) => from === n).map(({ proxy }) => proxy.port);
      const cluster = { name: `n${n + 1}`, routePort, routes: asks };
      const server = this.#resources.use(await NatsServer.start({ config, cluster }));
      const own = routes.filter(({ from, to }) => from === n || to === n).map(({ proxy }) => proxy);
      this.#members.set(cluster.name, { server, routes: own, isUp: true });
    }
    await this.settled();
  }

  /** A route from each server to each other one. */
  async #routes(ports: readonly number[]): Promise<Route[]> {
    const routes: Route[] = [];
    for (const from of ports.keys())
      for (const [to, port] of ports.entries())
        if (to !== from) routes.push({ from, to, proxy: this.#resources.use(await FaultProxy.to(port)) });
    return routes;
  }

  get names(): string[] {
    return [...this.#members.keys()];
  }

  /** Of all of them, with commas between them. */
  get url(): string {
    return [...this.#members.values()].map(({ server }) => server.url).join(',');
  }

  server(name: string): NatsServer {
    return this.#member(name).server;
  }

  /** Settles when every server that runs has contact with a leader and has caught up with its streams. */
  async settled(): Promise<void> {
    await becomes('the cluster has a leader and is whole', async () => {
      const healthy = await Promise.all(this.#running.map(({ server }) => isHealthy(server)));
      return healthy.every(Boolean);
    });
  }

  /** The server that leads a stream, as those that run say: settles when most of all agree. `but` is taken for no answer. */
  async leaderOf(stream: string, but?: string): Promise<string> {
    let leader: string | undefined;
    const others = but === undefined ? '' : ` other than ${but}`;
    await becomes(`${stream} has a leader${others}`, async () => {
      const said = await Promise.all(this.#running.map(({ server }) => leaderSaidBy(server, stream)));
      leader = this.names.find(
        (name) => name !== but && said.filter((one) => one === name).length > this.names.length / 2,
      );
      return leader !== undefined;
    });
    return leader ?? '';
  }

  /** kill -9. */
  async kill(name: string): Promise<void> {
    this.#member(name).isUp = false;
    await this.#member(name).server.kill();
  }

  /** In order, as for an upgrade. */
  async stop(name: string): Promise<void> {
    this.#member(name).isUp = false;
    await this.#member(name).server.stop();
  }

  /** Its process stands still. */
  pause(name: string): void {
    this.#member(name).isUp = false;
    this.#member(name).server.signal('SIGSTOP');
  }

  /** One that stood still goes on. */
  resume(name: string): void {
    this.#member(name).server.signal('SIGCONT');
    this.#member(name).isUp = true;
  }

  /** Starts one that was ended, with what its disk holds; settles when it answers, not yet caught up. */
  async again(name: string): Promise<void> {
    await this.#member(name).server.again();
    this.#member(name).isUp = true;
  }

  /** Nothing goes any more between this server and the others. */
  cutOff(name: string, by: Cut): void {
    for (const route of this.#member(name).routes) {
      route.faults = by === 'reset' ? { isDown: true } : { dropsData: true, dropsAnswers: true };
      if (by === 'reset') route.break('reset');
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources[Symbol.asyncDispose]();
  }

  get #running(): Member[] {
    return [...this.#members.values()].filter(({ isUp }) => isUp);
  }

  #member(name: string): Member {
    const member = this.#members.get(name);
    if (member === undefined) throw new Error(`no server ${name} is in this cluster`);
    return member;
  }
}

/** Settles when `holds` answers true, and does not keep the servers busy with questions meanwhile. */
async function becomes(what: string, holds: () => Promise<boolean>): Promise<void> {
  const look = async (): Promise<boolean> => {
    await delay(LOOK_EVERY_MS);
    return holds();
  };
  await until(what, look, PATIENCE_MS);
}

async function isHealthy({ monitorPort }: NatsServer): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${monitorPort}/healthz`)).ok;
  } catch {
    return false;
  }
}

interface JetStreamState {
  readonly account_details?: readonly {
    readonly stream_detail?: readonly {
      readonly name: string;
      readonly cluster?: { readonly leader?: string };
    }[];
  }[];
}

async function leaderSaidBy({ monitorPort }: NatsServer, stream: string): Promise<string | undefined> {
  try {
    const answer = await fetch(`http://127.0.0.1:${monitorPort}/jsz?accounts=true&streams=true`);
    const { account_details: accounts = [] } = (await answer.json()) as JetStreamState;
    const streams = accounts.flatMap(({ stream_detail: details = [] }) => details);
    return streams.find(({ name }) => name === stream)?.cluster?.leader;
  } catch {
    return undefined;
  }
}
