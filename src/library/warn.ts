import type { ShipperProblem } from './shipper.ts';

/** What becomes of a problem that nobody asked for: a warning of the process, on standard error unless it is told otherwise. */
export function warn({ code, message }: ShipperProblem): void {
  process.emitWarning(message, { type: 'LogferryWarning', code: `LOGFERRY_${code.toUpperCase()}` });
}
