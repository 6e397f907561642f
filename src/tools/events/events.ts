import type { EventStore } from '../../events/event_store.ts';

/** What the commands need of an event store: the store itself has it, and a service that is asked for it (remote_events.ts). */
export interface Events
  extends
    Pick<
      EventStore,
      'read' | 'readByType' | 'head' | 'state' | 'replay' | 'subscribe' | 'verify' | 'rebuild'
    >,
    AsyncDisposable {
  appendAll(
    ...append: Parameters<EventStore['appendAll']>
  ): Promise<readonly { readonly position: number }[]>;
  consume(event: Parameters<EventStore['consume']>[0]): Promise<{ readonly position: number }>;
}
