import { needPackage } from '../../base/optional_package.ts';
import { ConfigError } from '../../config/load.ts';
import { readClientTls, readToken } from '../../config/access.ts';
import type { Settings } from '../../config/options.ts';
import { EventStoreError } from '../../events/event_store_error.ts';
import { openOutputStore } from '../../outputs/events_store.ts';
import { storeSettings } from '../output_settings.ts';
import type { Events } from './events.ts';

/** The events of a service, or, where none is named, those of the store itself. Rejects with ConfigError, EventStoreError or what the network said. */
export async function openEvents(settings: Settings, server: string | undefined): Promise<Events> {
  if (server === undefined) return openStore(settings);
  needPackage('thrift', '--server');
  const { RemoteEvents } = await import('./remote_events.ts');
  const [tls, token] = [readClientTls(settings), readToken(settings)];
  return RemoteEvents.connect({
    ...addressOf(server),
    ...(tls === undefined ? {} : { tls }),
    ...(token === undefined ? {} : { token }),
  });
}

async function openStore(settings: Settings): Promise<Events> {
  try {
    return await openOutputStore(storeSettings(settings));
  } catch (error) {
    if (!(error instanceof EventStoreError) || error.code !== 'folder_in_use') throw error;
    const message = `${error.message}. Ask the service that has it: --server host:port`;
    throw new EventStoreError(error.code, message, { cause: error });
  }
}

/** Throws ConfigError for what is no `host:port`; an IPv6 address stands in brackets. */
function addressOf(server: string): { readonly host: string; readonly port: number } {
  const [, bracketed, host = bracketed, port] =
    /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+)):(\d{1,5})$/.exec(server) ?? [];
  if (host === undefined || !(Number(port) <= 65535))
    throw new ConfigError([`--server is ${JSON.stringify(server)}: expected host:port`]);
  return { host, port: Number(port) };
}
