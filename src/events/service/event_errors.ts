/** What the store could not do, as an exception of thrift/event_service.thrift. */
import {
  DuplicateConflict as WireDuplicateConflict,
  InvalidRequest,
  ProjectionFailed as WireProjectionFailed,
  StoreUnavailable,
  UnknownProjection,
  VersionConflict as WireVersionConflict,
} from '../../thrift/generated/event_service_types.js';
import {
  DuplicateConflict,
  EventStoreError,
  ProjectionFailed,
  VersionConflict,
  type EventStoreErrorCode,
} from '../event_store_error.ts';
import type { Projection } from '../projection.ts';
import { int64Of } from './event_codec.ts';

/** Asked again the answer would be the same. */
const FINAL: readonly EventStoreErrorCode[] = ['invalid_event', 'invalid_request'];

/** The exception to answer with. What is no error of the store comes back as it is. */
export function wireErrorOf(error: unknown, projections: readonly Projection[]): unknown {
  if (error instanceof DOMException && error.name === 'AbortError')
    return new StoreUnavailable({ message: 'the service is being stopped: ask again later' });
  if (!(error instanceof EventStoreError)) return error;
  const { message, code } = error;
  if (error instanceof DuplicateConflict) return new WireDuplicateConflict({ message, id: error.id });
  if (error instanceof VersionConflict)
    return new WireVersionConflict({ message, stream: error.stream, actual: int64Of(BigInt(error.actual)) });
  if (error instanceof ProjectionFailed) {
    const { projection, position } = error;
    return new WireProjectionFailed({ message, projection, position: int64Of(BigInt(position)) });
  }
  if (code === 'unknown_projection')
    return new UnknownProjection({ message, known: projections.map(({ name }) => name) });
  return FINAL.includes(code) ? new InvalidRequest({ message }) : new StoreUnavailable({ message });
}
