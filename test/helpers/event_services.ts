/** An event store in this process and EventService before it, on a port of its own; closed with the handle. */
import { pino } from 'pino';
import { openEventStore, type EventStore, type EventStoreOptions } from '../../src/events/event_store.ts';
import { eventService } from '../../src/events/service/event_service.ts';
import { startServices, type ServiceReceiver } from '../../src/receiver/service_receiver.ts';
import { RemoteEvents } from '../../src/tools/events/remote_events.ts';
import { connectEvents, type EventConnection } from '../../src/tools/events/event_connection.ts';

const LIMITS = {
  maxMessageBytes: 16 * 1024 * 1024,
  maxStringBytes: 16 * 1024 * 1024,
  maxElements: 100_000,
  maxDepth: 64,
  idleTimeoutMs: 60_000,
};

const CONNECTIONS = { maxConnections: 100, maxConnectionsPerAddress: 100 };

export class EventServer implements AsyncDisposable {
  readonly store: EventStore;
  readonly receiver: ServiceReceiver;

  private constructor(store: EventStore, receiver: ServiceReceiver) {
    this.store = store;
    this.receiver = receiver;
  }

  static async start(
    options: EventStoreOptions,
    { tokens = [] }: { readonly tokens?: readonly string[] } = {},
  ): Promise<EventServer> {
    const store = await openEventStore(options);
    const receiver = await startServices({
      services: [eventService(store)],
      thrift: { listener: { host: '127.0.0.1', port: 0, ...CONNECTIONS }, limits: LIMITS },
      frameTimeoutMs: 60_000,
      access: { tokens },
      log: pino({ level: 'silent' }),
    });
    return new EventServer(store, receiver);
  }

  get port(): number {
    return this.receiver.port;
  }

  /** A client of the generated code. */
  connect(token?: string): Promise<EventConnection> {
    const server = { host: '127.0.0.1', port: this.port };
    return connectEvents(token === undefined ? server : { ...server, token });
  }

  /** The store by way of the service. */
  remote(): Promise<RemoteEvents> {
    return RemoteEvents.connect({ host: '127.0.0.1', port: this.port });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.receiver[Symbol.asyncDispose]();
    await this.store[Symbol.asyncDispose]();
  }
}
