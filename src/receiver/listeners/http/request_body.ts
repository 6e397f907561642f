/** Reads the body of a request, within what one may be and what all together may hold. */
import type { Readable } from 'node:stream';
import { decompress } from '../../../wire/codecs.ts';
import type { Algorithm } from '../../../wire/frame.ts';
import { WireError } from '../../../wire/wire_error.ts';
import { HttpProblem } from './http_problem.ts';

/** A body that is too long is read on up to so many times the limit: its sender is to hear the answer, not a reset. */
const READ_ON_TIMES = 4;

/** What a request takes at least, of what all together may. */
const LEAST_BYTES = 1024;

const ENCODINGS: Readonly<Record<string, Algorithm>> = {
  gzip: 'gzip',
  'x-gzip': 'gzip',
  deflate: 'zlib',
  zstd: 'zstd',
};

/** The bytes of bodies in memory, of all requests that are not answered yet. */
export class BodyBudget {
  readonly #total: number;
  #used = 0;

  constructor(total: number) {
    this.#total = total;
  }

  get used(): number {
    return this.#used;
  }

  share(): BodyShare {
    return new BodyShare((bytes) => {
      if (bytes > 0 && this.#used + bytes > this.#total) return false;
      this.#used += bytes;
      return true;
    });
  }
}

/** What one request has of the budget. */
export class BodyShare {
  readonly #take: (bytes: number) => boolean;
  #bytes = 0;

  constructor(take: (bytes: number) => boolean) {
    this.#take = take;
  }

  /** Raises the share to `bytes`; false where there is no room. */
  raise(bytes: number): boolean {
    const more = Math.max(bytes, LEAST_BYTES) - this.#bytes;
    if (more <= 0) return true;
    if (!this.#take(more)) return false;
    this.#bytes += more;
    return true;
  }

  /** Twice is fine. */
  give(): void {
    this.#take(-this.#bytes);
    this.#bytes = 0;
  }
}

export interface BodyOptions {
  /** As it is sent, and as it inflates. */
  readonly maxBytes: number;
  readonly encoding: string | undefined;
  /** `Content-Length`, where there is one. */
  readonly declaredBytes: number;
  readonly share: BodyShare;
}

/** The body, inflated, with room for one byte more behind it. Rejects with HttpProblem. */
export async function readBody(stream: Readable, options: BodyOptions): Promise<Buffer> {
  const { encoding = 'identity', maxBytes, share } = options;
  const algorithm = ENCODINGS[encoding.toLowerCase()];
  if (algorithm === undefined && encoding.toLowerCase() !== 'identity')
    throw new HttpProblem(415, {
      error: 'unsupported_encoding',
      reason: `Content-Encoding is ${encoding}: expected gzip, deflate, zstd, or none`,
    });
  const body = await collect(stream, options);
  if (algorithm === undefined) return body;
  if (!share.raise(maxBytes)) throw busy();
  return withRoom(await inflate(algorithm, body.subarray(0, -1), maxBytes));
}

function collect(stream: Readable, { maxBytes, declaredBytes, share }: BodyOptions): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  let chunks: Buffer[] = [];
  let length = 0;
  let problem: HttpProblem | undefined = declaredBytes > maxBytes ? tooLarge(maxBytes) : undefined;
  if (problem === undefined && !share.raise(declaredBytes)) problem = busy();
  const done = (end: () => void): void => {
    stream.off('data', onData).off('end', onEnd).off('error', onError).off('close', onError);
    end();
  };
  const onData = (chunk: Buffer): void => {
    length += chunk.length;
    if (problem === undefined && length > maxBytes) problem = tooLarge(maxBytes);
    if (problem === undefined && !share.raise(length)) problem = busy();
    if (problem === undefined) chunks.push(chunk);
    else chunks = [];
    if (length > maxBytes * READ_ON_TIMES) done(() => reject(problem ?? tooLarge(maxBytes)));
  };
  const onEnd = (): void =>
    done(() => {
      if (problem !== undefined) reject(problem);
      else resolve(joined(chunks, length));
    });
  const onError = (): void =>
    done(() => reject(new HttpProblem(400, { error: 'bad_request', reason: 'the body ended too early' })));
  stream.on('data', onData).on('end', onEnd).on('error', onError).on('close', onError);
  return promise;
}

function joined(chunks: readonly Buffer[], length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length + 1);
  let fill = 0;
  for (const chunk of chunks) fill += chunk.copy(bytes, fill);
  return bytes;
}

const withRoom = (bytes: Buffer): Buffer => joined([bytes], bytes.length);

async function inflate(algorithm: Algorithm, bytes: Buffer, maxBytes: number): Promise<Buffer> {
  try {
    return await decompress(algorithm, bytes, { maxBytes });
  } catch (cause) {
    if (!(cause instanceof WireError)) throw cause;
    if (cause.code === 'batch_too_large') throw tooLarge(maxBytes);
    throw new HttpProblem(400, { error: 'does_not_inflate', reason: 'the body does not inflate' }, { cause });
  }
}

const tooLarge = (maxBytes: number): HttpProblem =>
  new HttpProblem(413, {
    error: 'too_large',
    reason: `a body may be ${maxBytes} bytes long (HTTP_MAX_BODY_BYTES)`,
  });

const busy = (): HttpProblem =>
  new HttpProblem(
    503,
    { error: 'busy', reason: 'too much is waiting to be stored' },
    { retryAfterSeconds: 1 },
  );
