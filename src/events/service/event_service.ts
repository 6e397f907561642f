/** EventService (thrift/event_service.thrift) for the Thrift listener. */
import { Processor } from '../../thrift/generated/EventService.js';
import { generatedService } from '../../thrift/generated_service.ts';
import type { ThriftService } from '../../thrift/service.ts';
import type { EventStore } from '../event_store.ts';
import { eventHandler } from './event_handler.ts';

const LARGE_METHODS: ReadonlySet<string> = new Set([
  'read',
  'readByType',
  'replay',
  'state',
  'stateAfter',
  'currentState',
]);

/** The service over this store, which stays the caller's. */
export const eventService = (store: EventStore): ThriftService => ({
  ...generatedService('EventService', Processor, eventHandler(store)),
  largeMethods: LARGE_METHODS,
});
