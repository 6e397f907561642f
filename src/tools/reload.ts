import type { Logger } from '../base/logger.ts';
import { readServerTls, readTokens } from '../config/access.ts';
import type { Settings } from '../config/options.ts';
import type { Receiver } from '../receiver/receiver.ts';

/**
 * SIGHUP reads the files of tokens and certificates again; without such files it ends the process, as ever. The answer
 * takes what does the reading: a SIGHUP before that waits for it.
 */
export function hangups({ AUTH_TOKENS_FILE, TLS_CERT }: Settings): (work: () => void) => void {
  let wasAsked = false;
  let onHangup = (): void => {
    wasAsked = true;
  };
  if (AUTH_TOKENS_FILE !== '' || TLS_CERT !== '') process.on('SIGHUP', () => onHangup());
  return (work) => {
    onHangup = work;
    if (wasAsked) work();
  };
}

/** Reads what there are files for; what can't be used changes nothing. */
export function reload(
  settings: Settings,
  receiver: Pick<Receiver, 'replaceTokens' | 'replaceCertificate'>,
  log: Logger,
): void {
  const again = (what: string, work: () => void): void => {
    try {
      work();
      log.info(`SIGHUP: ${what} read again`);
    } catch (error) {
      log.error(`SIGHUP: ${what} stay as they were: ${(error as Error).message}`);
    }
  };
  if (settings.AUTH_TOKENS_FILE !== '') again('tokens', () => receiver.replaceTokens(readTokens(settings)));
  if (settings.TLS_CERT !== '')
    again('certificates', () => receiver.replaceCertificate(readServerTls(settings) ?? {}));
}
