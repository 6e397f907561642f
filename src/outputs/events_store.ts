import type { EventStore } from '../events/event_store.ts';

/** Which event store the output `events` writes to. Plain data. */
export interface OutputStoreSettings {
  /** PostgreSQL; undefined: the embedded database. */
  readonly databaseUrl?: string;
  /** Of the embedded database. */
  readonly eventsFolder: string;
  readonly maxPayloadBytes: number;
  readonly snapshotEvery: number;
}

/** Opens it; what it needs is loaded here. */
export async function openOutputStore({
  eventsFolder,
  ...settings
}: OutputStoreSettings): Promise<EventStore> {
  const { openEventStore } = await import('../events/event_store.ts');
  return openEventStore({ ...settings, folder: eventsFolder });
}

/** What to call it: a folder, or a URL without its password. */
export function placeOf({ databaseUrl, eventsFolder }: OutputStoreSettings): string {
  if (databaseUrl === undefined) return eventsFolder;
  const { protocol, host, pathname } = new URL(databaseUrl);
  return `${protocol}//${host}${pathname}`;
}
