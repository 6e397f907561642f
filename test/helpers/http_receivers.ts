/** A receiver with an HTTP listener on a free port of this machine; small limits, so that tests reach them. */
import type { Receiver } from '../../src/receiver/receiver.ts';
import type { HttpOptions } from '../../src/receiver/listeners/http/http_service.ts';
import { UserFiles } from '../../src/users/user_files.ts';
import { testReceiver, type ReceiverWishes } from './receivers.ts';
import type { TemporaryFolder } from './temp_folder.ts';

export interface HttpWishes extends ReceiverWishes {
  readonly listener?: Partial<HttpOptions['listener']>;
  readonly events?: Partial<HttpOptions['limits']>;
  readonly redis?: HttpOptions['redis'];
  readonly isLogOnly?: boolean;
}

export interface HttpReceiver extends AsyncDisposable {
  readonly receiver: Receiver;
  readonly port: number;
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  post(body: string | Buffer | object, headers?: Record<string, string>): Promise<HttpAnswer>;
  get(path: string, headers?: Record<string, string>): Promise<HttpAnswer>;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Undefined where it is no JSON. */
  readonly body: unknown;
}

export const httpOptions = (
  files: UserFiles,
  { listener, events, redis, isLogOnly = false }: HttpWishes = {},
): HttpOptions => ({
  files,
  isLogOnly,
  ...(redis === undefined ? {} : { redis }),
  listener: {
    host: '127.0.0.1',
    port: 0,
    maxConnections: 1000,
    maxConnectionsPerAddress: 1000,
    maxBodyBytes: 64 * 1024,
    requestTimeoutMs: 30_000,
    idleTimeoutMs: 30_000,
    rateLimit: { requestsPerMinute: 0, burst: 0 },
    ...listener,
  },
  limits: { maxEntryBytes: 16 * 1024, maxDepth: 16, maxEvents: 1000, ...events },
});

export async function httpReceiver(folder: TemporaryFolder, wishes: HttpWishes = {}): Promise<HttpReceiver> {
  const files = await UserFiles.open(folder.in('logs'));
  const receiver = await testReceiver(folder.in('data'), { ...wishes, http: httpOptions(files, wishes) });
  const port = receiver.httpPort ?? 0;
  const url = `http://127.0.0.1:${port}`;
  return {
    receiver,
    port,
    url,
    post: (body, headers = {}) =>
      ask(`${url}/log`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
      }),
    get: (path, headers = {}) => ask(url + path, { headers }),
    async [Symbol.asyncDispose]() {
      await receiver[Symbol.asyncDispose]();
      await files[Symbol.asyncDispose]();
    },
  };
}

/** Asks, and reads the whole answer. */
export async function ask(url: string, init: RequestInit = {}): Promise<HttpAnswer> {
  const answer = await fetch(url, init);
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, text, body: parsed(text) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** An event that is all right. */
export const EVENT = { user_id: 'ada', event: 'login', timestamp: 1_700_000_000 };
