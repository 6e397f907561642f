/** A connection to an EventService: framed, binary, any number of calls at once. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { TBinaryProtocol, TFramedTransport, type Thrift } from 'thrift';
import { openSocket, type ClientTls } from '../../shipper/open_socket.ts';
import { Client as EventClient } from '../../thrift/generated/EventService.js';
import { Client as AccessClient } from '../../thrift/generated/LogferryAccess.js';

export interface EventServer {
  readonly host: string;
  readonly port: number;
  readonly tls?: ClientTls;
  /** Shown before anything is asked. */
  readonly token?: string;
}

export interface EventConnection extends AsyncDisposable {
  /** Its calls reject when the connection breaks: what was asked may then have been done all the same. */
  readonly client: EventClient;
}

/** What the compiler gives a client, though its types do not say so. */
interface Generated {
  readonly _reqs: Record<number, ((error: Error) => void) | undefined>;
  readonly [receive: `recv_${string}`]: Receive | undefined;
}

type Receive = (input: TBinaryProtocol, type: Thrift.MessageType, sequenceId: number) => void;

/** Rejects with what the network or TLS said, or where the token is refused. */
export async function connectEvents(server: EventServer): Promise<EventConnection> {
  const socket = await openSocket(server, new AbortController().signal);
  const output = new TFramedTransport(undefined, (bytes) => {
    // Where the connection is gone nothing but this is told of it.
    if (bytes !== undefined) socket.write(bytes, (error) => error && rejectAll());
  });
  const client = new EventClient(output, TBinaryProtocol);
  const access = new AccessClient(output, TBinaryProtocol);
  const rejectAll = answerCalls(socket, [client, access] as unknown as readonly Generated[]);
  const connection = { client, [Symbol.asyncDispose]: () => closed(socket) };
  if (server.token === undefined) return connection;
  try {
    await access.authenticate(server.token);
    return connection;
  } catch (error) {
    await closed(socket);
    throw error;
  }
}

async function closed(socket: Socket): Promise<void> {
  if (socket.closed) return;
  socket.destroy();
  await once(socket, 'close');
}

/** Hands what comes to the call it answers, of whichever client. What waits when the connection ends is rejected; so is what waits when the answer is called. */
function answerCalls(socket: Socket, clients: readonly Generated[]): () => void {
  let why = new Error('the service closed the connection before it answered');
  const take = TFramedTransport.receiver((transport) => {
    const input = new TBinaryProtocol(transport);
    const { fname, mtype, rseqid } = input.readMessageBegin();
    clients.find((client) => client[`recv_${fname}`])?.[`recv_${fname}`]?.(input, mtype, rseqid);
  }, 0);
  const rejectAll = (): void => {
    for (const call of clients.flatMap(({ _reqs: waiting }) => Object.values(waiting))) call?.(why);
  };
  socket.on('data', (bytes: Buffer) => {
    try {
      take(bytes);
    } catch (error) {
      socket.destroy(error as Error);
    }
  });
  socket.on('error', (error) => (why = error));
  socket.on('close', rejectAll);
  return rejectAll;
}
