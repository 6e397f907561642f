/** A TCP proxy that misbehaves on demand: between a shipper and its receiver it is the network at its worst. */
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

export interface Faults {
  /** New connections are refused: closed at once. */
  isDown?: boolean;
  /** Each piece waits this long, in both directions. */
  delayMs?: number;
  /** Bytes a second, each direction of each connection. */
  bytesPerSecond?: number;
  /** What the receiver sends is swallowed. */
  dropsAnswers?: boolean;
  /** What the shipper sends is swallowed. */
  dropsData?: boolean;
  /** The connection breaks when the shipper has sent so many bytes over it: a close, or a reset, on both sides. */
  breaksAfterBytes?: { readonly bytes: number; readonly by: 'close' | 'reset' };
}

interface Link {
  readonly client: Socket;
  readonly server: Socket;
  /** What the shipper sent, while `keepsBytes`. */
  readonly sent: Buffer[];
  sentBytes: number;
}

/** How much a slowed direction moves at a time: so many times a second. */
const STEPS_PER_SECOND = 50;

export class FaultProxy implements AsyncDisposable {
  /** Read at every piece: changes hold at once, also for connections that are open. */
  faults: Faults = {};
  /** Bytes the shipper sent over all connections, and bytes it was answered with. */
  sentBytes = 0;
  answeredBytes = 0;
  /** Connections so far. */
  connections = 0;
  readonly #target: number;
  readonly #server: Server;
  readonly #keepsBytes: boolean;
  readonly #open = new Set<Link>();
  #last: Link | undefined;

  private constructor(target: number, keepsBytes: boolean) {
    this.#target = target;
    this.#keepsBytes = keepsBytes;
    this.#server = createServer({ allowHalfOpen: true }, (client) => this.#accept(client));
  }

  /** Listens on a free port, for a receiver on `target`. `keepsBytes` is for `replay`. */
  static async to(target: number, { keepsBytes = false } = {}): Promise<FaultProxy> {
    const proxy = new FaultProxy(target, keepsBytes);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  /** Breaks all connections now. */
  break(by: 'close' | 'reset'): void {
    for (const link of this.#open) breakLink(link, by);
  }

  /** A connection of its own that sends what the newest one sent up to now; settles when the receiver has closed it. */
  async replay(): Promise<void> {
    const bytes = Buffer.concat(this.#last?.sent ?? []);
    const socket = connect({ port: this.#target, host: '127.0.0.1' });
    socket.on('error', () => undefined).resume();
    const closed = once(socket, 'close');
    socket.end(bytes);
    await closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.break('reset');
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, 'close');
  }

  #accept(client: Socket): void {
    client.on('error', () => undefined);
    if (this.faults.isDown === true) {
      client.destroy();
      return;
    }
    this.connections += 1;
    const server = connect({ port: this.#target, host: '127.0.0.1', allowHalfOpen: true });
    server.on('error', () => undefined);
    const link: Link = { client, server, sent: [], sentBytes: 0 };
    this.#open.add(link);
    this.#last = link;
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      socket.once('close', () => {
        client.destroy();
        server.destroy();
        this.#open.delete(link);
      });
    }
    void this.#pump(client, server, (piece) => this.#sent(link, piece));
    void this.#pump(server, client, (piece) => this.#answered(piece));
  }

  /** What becomes of a piece from the shipper. */
  #sent(link: Link, piece: Buffer): Buffer | undefined {
    this.sentBytes += piece.length;
    const { dropsData, breaksAfterBytes } = this.faults;
    const room = breaksAfterBytes === undefined ? Infinity : breaksAfterBytes.bytes - link.sentBytes;
    link.sentBytes += piece.length;
    if (this.#keepsBytes) link.sent.push(piece);
    if (breaksAfterBytes !== undefined && piece.length >= room) {
      const last = piece.subarray(0, Math.max(0, room));
      link.server.write(last, () => breakLink(link, breaksAfterBytes.by));
      return undefined;
    }
    return dropsData === true ? undefined : piece;
  }

  #answered(piece: Buffer): Buffer | undefined {
    this.answeredBytes += piece.length;
    return this.faults.dropsAnswers === true ? undefined : piece;
  }

  /** Moves pieces one way, slowed as the faults of the moment say; a piece that `pass` swallows goes nowhere. */
  async #pump(from: Socket, to: Socket, pass: (piece: Buffer) => Buffer | undefined): Promise<void> {
    try {
      for await (const chunk of from as AsyncIterable<Buffer>) {
        for (const piece of this.#pieces(chunk)) {
          await this.#slow(piece);
          const passed = pass(piece);
          if (passed !== undefined && !to.destroyed && !to.write(passed)) await drained(to);
        }
      }
      if (this.faults.dropsData !== true) to.end();
    } catch {
      to.destroy();
    }
  }

  #pieces(chunk: Buffer): Buffer[] {
    const { bytesPerSecond } = this.faults;
    if (bytesPerSecond === undefined) return [chunk];
    const size = Math.max(1, Math.floor(bytesPerSecond / STEPS_PER_SECOND));
    return Array.from({ length: Math.ceil(chunk.length / size) }, (_, n) =>
      chunk.subarray(n * size, (n + 1) * size),
    );
  }

  async #slow(piece: Buffer): Promise<void> {
    const { delayMs = 0, bytesPerSecond = Infinity } = this.faults;
    const ms = delayMs + (piece.length / bytesPerSecond) * 1000;
    if (ms > 0) await delay(ms);
  }
}

function breakLink({ client, server }: Link, by: 'close' | 'reset'): void {
  for (const socket of [client, server]) {
    if (by === 'reset') socket.resetAndDestroy();
    else socket.destroy();
  }
}

/** Settles when `socket` takes more, or is gone: `drain` alone would never come from one that was destroyed. */
async function drained(socket: Socket): Promise<void> {
  const settled = new AbortController();
  const { signal } = settled;
  const ways = ['drain', 'close'].map((event) => once(socket, event, { signal }).catch(() => undefined));
  await Promise.race(ways);
  settled.abort();
}
