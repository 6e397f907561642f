/**
 * The connection to Redis. It comes back by itself; while it is away calls fail at once, and a server that does not
 * answer is left after a while. Replies are buffers where they are texts.
 */
import { randomUUID } from 'node:crypto';
import { createClient, ErrorReply, RESP_TYPES } from 'redis';
import { backoffMs } from '../../base/backoff.ts';
import { Signal } from '../../base/signal.ts';
import { BufferUnavailable } from '../user_buffer.ts';

export type RedisArgument = string | Buffer;
export type RedisCommand = readonly RedisArgument[];

export interface RedisLinkOptions {
  /** `redis://[user:password@]host[:port][/database]`, or `rediss://` */
  readonly url: string;
  /** An answer that is not there after so long will not come. */
  readonly timeoutMs?: number;
  /** It can't be reached, and is tried again until it can. Told once, and again where the reason changes. */
  readonly troubled?: (error: Error) => void;
  readonly recovered?: () => void;
}

const TIMEOUT_MS = 5000;
const RECONNECT = { firstMs: 50, maxMs: 1000 };

type Client = ReturnType<typeof connectTo>;

export class RedisLink implements AsyncDisposable {
  readonly #options: RedisLinkOptions;
  readonly #changed = new Signal();
  /** Tells its connections from any others. */
  readonly #name = `logferry-${randomUUID()}`;
  #client: Client;
  #trouble: string | undefined;
  #isClosed = false;

  /** Connects in the background. */
  constructor(options: RedisLinkOptions) {
    this.#options = options;
    this.#client = this.#connect();
  }

  get isReady(): boolean {
    return this.#client.isReady;
  }

  /** Why it can't be used at the moment, if so. */
  get trouble(): string | undefined {
    return this.isReady ? undefined : `Redis is away: ${this.#trouble ?? 'no connection yet'}`;
  }

  /** Throws BufferUnavailable where it is away. */
  expectReady(): void {
    const { trouble } = this;
    if (trouble !== undefined) throw new BufferUnavailable(trouble);
  }

  /** Settles when it is ready; rejects with BufferUnavailable when it is not after `withinMs`. */
  async ready(withinMs: number): Promise<void> {
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      this.#changed.notify();
    }, withinMs);
    while (!this.isReady && !isLate && !this.#isClosed) await this.#changed.wait();
    clearTimeout(timer);
    this.expectReady();
  }

  /** The reply to a command. Rejects with BufferUnavailable. */
  async call(command: RedisCommand): Promise<unknown> {
    const [reply] = await this.#send([command]);
    return expectReply(reply);
  }

  /** The replies to commands that are sent together; an error of one is its reply. */
  async pipeline(commands: readonly RedisCommand[]): Promise<unknown[]> {
    return commands.length === 0 ? [] : this.#send(commands);
  }

  /** The replies to commands that are run together: all, or none where it rejects, unless that `isUncertain`. */
  async transaction(commands: readonly RedisCommand[]): Promise<unknown[]> {
    const replies = await this.#send([['MULTI'], ...commands, ['EXEC']]);
    const refused = replies.find((reply) => reply instanceof Error);
    if (refused === undefined) return replies.at(-1) as unknown[];
    // Where it may not use MULTI, the commands were run one by one.
    const isUncertain = replies[0] instanceof Error && replies.some((reply) => !(reply instanceof Error));
    throw refusal(refused, isUncertain);
  }

  /** Ends, on Redis' side, what is left of connections this one had before: what they sent and was not read by then never will be. */
  async endOtherConnections(): Promise<void> {
    const own = String(await this.call(['CLIENT', 'ID']));
    const listed = (await this.call(['CLIENT', 'LIST'])) as Buffer;
    for (const line of listed.toString().split('\n')) {
      const [, id] = /^id=(\d+) /.exec(line) ?? [];
      if (id !== undefined && id !== own && line.includes(` name=${this.#name} `))
        await this.pipeline([['CLIENT', 'KILL', 'ID', id]]);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#client.destroy();
    this.#changed.notify();
    return Promise.resolve();
  }

  #connect(): Client {
    const client = connectTo(this.#options.url, this.#name);
    client.on('ready', () => this.#recover());
    client.on('error', (error: Error) => this.#fall(error));
    client.connect().catch(() => undefined);
    return client;
  }

  #recover(): void {
    if (this.#trouble !== undefined) this.#options.recovered?.();
    this.#trouble = undefined;
    this.#changed.notify();
  }

  #fall(error: Error): void {
    const reason = reasonOf(error);
    if (this.#trouble !== reason && !this.#isClosed)
      this.#options.troubled?.(new Error(reason, { cause: error }));
    this.#trouble = reason;
  }

  async #send(commands: readonly RedisCommand[]): Promise<unknown[]> {
    const client = this.#client;
    if (!client.isReady)
      throw new BufferUnavailable(`Redis is away: ${this.#trouble ?? 'no connection yet'}`);
    const timer = setTimeout(() => this.#leave(client), this.#options.timeoutMs ?? TIMEOUT_MS);
    const replies = await Promise.allSettled(commands.map((command) => client.sendCommand(command)));
    clearTimeout(timer);
    return replies.map((reply) => {
      if (reply.status === 'fulfilled') return reply.value;
      if (reply.reason instanceof ErrorReply) return reply.reason;
      throw uncertain(reply.reason as Error);
    });
  }

  /** Ends a connection that does not answer, and begins another. */
  #leave(client: Client): void {
    if (client !== this.#client || this.#isClosed) return;
    client.destroy();
    this.#fall(new Error('it does not answer'));
    this.#client = this.#connect();
  }
}

/** The reply, unless it is an error. */
export function expectReply(reply: unknown): unknown {
  if (reply instanceof Error) throw refusal(reply);
  return reply;
}

const refusal = (cause: Error, isUncertain = false): BufferUnavailable =>
  new BufferUnavailable(`Redis refuses: ${cause.message}`, { cause, isUncertain, retryAfterSeconds: 5 });

/** The first word of an error of Redis says what kind it is. */
export const errorCodeOf = (reply: unknown): string | undefined =>
  reply instanceof Error ? reply.message.split(' ', 1)[0] : undefined;

function connectTo(url: string, name: string) {
  return createClient({
    url,
    name,
    RESP: 2,
    disableOfflineQueue: true,
    maintNotifications: 'disabled',
    commandOptions: {
      // Its own costs a timer a command; ours is for all that are sent together.
      timeout: 0,
      typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer, [RESP_TYPES.SIMPLE_STRING]: String },
    },
    socket: {
      connectTimeout: TIMEOUT_MS,
      reconnectStrategy: (attempt) => backoffMs(attempt, RECONNECT, Math.random()),
    },
  });
}

const uncertain = (cause: Error): BufferUnavailable =>
  new BufferUnavailable(`Redis went away before it answered: ${reasonOf(cause)}`, {
    cause,
    isUncertain: true,
  });

const reasonOf = (error: Error & { code?: string }): string =>
  error.message === '' ? (error.code ?? error.name) : error.message;
