import type { Logger } from '../base/logger.ts';
import type { Ledger } from './ledger.ts';

const EVERY_MS = 1000;

/**
 * Once a second, while anything arrives or a client is connected and something happened: how many entries a second were made durable.
 * The answer stops it, after a last line for what was not yet told.
 */
export function reportThroughput(
  ledger: Ledger,
  log: Logger,
  now: () => number = performance.now.bind(performance),
): () => void {
  let told = { stored: 0, bytesIn: 0, at: now() };
  const tell = (): void => {
    const at = now();
    const isQuiet = ledger.stored === told.stored && ledger.bytesIn === told.bytesIn;
    const seconds = Math.max((at - told.at) / 1000, 0.001);
    const stored = ledger.stored - told.stored;
    told = { stored: ledger.stored, bytesIn: ledger.bytesIn, at };
    if (isQuiet) return;
    const logsPerSecond = Math.round(stored / seconds);
    log.info(throughput(ledger, logsPerSecond), `[METRIC] Logs processed: ${logsPerSecond} logs/sec`);
  };
  const timer = setInterval(tell, EVERY_MS).unref();
  return () => {
    clearInterval(timer);
    tell();
  };
}

const throughput = (ledger: Ledger, logsPerSecond: number): object => ({
  logsPerSecond,
  total: ledger.stored,
  batches: ledger.batches,
  bytesIn: ledger.bytesIn,
  bytesArchived: ledger.archivedBytes,
  ratio: ledger.archivedBytes === 0 ? null : Math.round((ledger.rawBytes / ledger.archivedBytes) * 100) / 100,
  connections: ledger.connections,
  repeated: ledger.repeated,
  rejected: ledger.rejected,
  lost: ledger.lost,
  acknowledging: ledger.isAcknowledging,
});
