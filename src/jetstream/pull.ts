/**
 * One request to a pull consumer, and what comes of it. The library's own `fetch` keeps a handful of messages open for as
 * long as it is not full; here whatever is there at once is wanted, and then the wait for the next one.
 */
import { createInbox, nanos, type Msg } from '@nats-io/transport-node';
import type { Nats } from './connection.ts';
import { JetStreamError } from './jetstream_error.ts';

export interface StreamMessage {
  /** Its place in the stream. */
  readonly sequence: number;
  readonly subject: string;
  readonly payload: Buffer;
}

/** A pull consumer of a stream. */
export interface PullFrom {
  readonly stream: string;
  readonly consumer: string;
}

export interface PullWishes {
  readonly atMost: number;
  /** Of payloads with their subjects and headers. */
  readonly maxBytes: number;
  /** How long to wait for the first; 0: what is there. */
  readonly waitMs: number;
  /** Ends the wait. What comes later is lost to this consumer. */
  readonly signal?: AbortSignal;
}

/** After so long without a message, or the end, the rest of an answer is taken for lost. Over a slow link all of it takes longer. */
const ANSWER_WITHIN_MS = 5000;

/**
 * Behind the last message there is comes a status that ends the request, and until then one more may come. A server that sends
 * none is waited for no longer.
 */
const QUIET_MS = 250;

/** Statuses that end a request which gave all it had: there is none, time is up; and, of conflicts, that the next would be too much. */
const ENDS: readonly number[] = [404, 408];
const CONFLICT = 409;
const TOO_MUCH = /exceeds maxbytes/i;

/** Settles with messages in the stream's order, or undefined where the first alone is longer than `maxBytes`. Rejects where NATS does not answer, the consumer is gone, or one came out of turn. */
export async function pull(
  nats: Nats,
  { stream, consumer }: PullFrom,
  { atMost, maxBytes, waitMs, signal }: PullWishes,
): Promise<StreamMessage[] | undefined> {
  const { connection } = nats;
  const inbox = createInbox();
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  const end = (): void => resolve(undefined);
  let quiet: NodeJS.Timeout | undefined;
  let isTooLong = false;
  const messages: StreamMessage[] = [];
  const late = setTimeout(() => reject(unavailable('a consumer does not answer')), waitMs + ANSWER_WITHIN_MS);
  const subscription = connection.subscribe(inbox, {
    callback(error, message) {
      const problem = error ?? problemOf(message, messages.at(-1)?.sequence ?? 0);
      if (problem !== undefined) reject(problem);
      else if (isStatus(message)) {
        isTooLong = message.headers?.code === CONFLICT && messages.length === 0;
        end();
      } else {
        const { sequence, pending } = placeOf(message);
        messages.push({ sequence, subject: message.subject, payload: bufferOf(message.data) });
        late.refresh();
        if (messages.length === atMost) end();
        else if (waitMs === 0 && pending === 0) quiet ??= setTimeout(end, QUIET_MS);
      }
    },
  });
  signal?.addEventListener('abort', end);
  try {
    await nats.ask(() => {
      const wait = waitMs === 0 ? { no_wait: true } : { expires: nanos(waitMs) };
      const request = JSON.stringify({ batch: atMost, max_bytes: maxBytes, ...wait });
      connection.publish(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`, request, { reply: inbox });
      return promise;
    });
    return isTooLong ? undefined : messages;
  } finally {
    clearTimeout(late);
    clearTimeout(quiet);
    signal?.removeEventListener('abort', end);
    subscription.unsubscribe();
  }
}

const isStatus = ({ headers }: Msg): boolean => (headers?.code ?? 0) !== 0;

/** Why the request has failed with this answer, if it has; `before` is the message before it. */
function problemOf(message: Msg, before: number): Error | undefined {
  const { code = 0, description = '' } = message.headers ?? {};
  if (isStatus(message)) {
    const isEnd = ENDS.includes(code) || (code === CONFLICT && TOO_MUCH.test(description));
    return isEnd ? undefined : unavailable(`a consumer says ${code} ${description}`);
  }
  const { sequence } = placeOf(message);
  return sequence > before ? undefined : unavailable(`message ${sequence} of a consumer came out of turn`);
}

/**
 * From the subject that an acknowledgement would go to: `$JS.ACK.<stream>.<consumer>.<deliveries>.<sequence>.<turn>.<time>.<pending>`,
 * where newer servers have a domain and an account behind ACK.
 */
function placeOf({ reply = '' }: Msg): { readonly sequence: number; readonly pending: number } {
  const tokens = reply.split('.');
  const at = tokens.length === 9 ? 5 : 7;
  return { sequence: Number(tokens[at]), pending: Number(tokens[at + 3]) };
}

const bufferOf = (data: Uint8Array): Buffer => Buffer.from(data.buffer, data.byteOffset, data.byteLength);

const unavailable = (message: string): Error => new JetStreamError('unavailable', message);
