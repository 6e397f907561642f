import { EventStoreError } from './event_store_error.ts';

/**
 * SQLSTATE classes that waiting does not help: data the database can't take, constraints, roles and passwords, a database or
 * schema that is not there, statements it does not know or a role may not make.
 */
const REFUSED = /^(?:0A|22|23|28|3D|3F|42)/;

/** What a database's client threw, as `refused` or `unavailable`; an EventStoreError stays what it is. */
export function databaseError(error: unknown): EventStoreError {
  if (error instanceof EventStoreError) return error;
  const { code, message } = error as { code?: unknown; message?: string };
  const text = message !== undefined && message !== '' ? message : String(code ?? error);
  if (typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && REFUSED.test(code))
    return new EventStoreError('refused', `the database refuses (${code}): ${text}`, { cause: error });
  return new EventStoreError('unavailable', `the database is not available: ${text}`, { cause: error });
}
