import { pino, type Logger } from 'pino';

export interface LogLine {
  /** pino's number: 30 info, 40 warn, 50 error. */
  readonly level: number;
  readonly msg: string;
  readonly [member: string]: unknown;
}

export interface CollectedLogs {
  readonly log: Logger;
  readonly lines: LogLine[];
  /** The messages of lines at this level. */
  readonly at: (level: 'info' | 'warn' | 'error') => string[];
}

/** A logger that keeps what is logged. */
export function collectLogs(): CollectedLogs {
  const lines: LogLine[] = [];
  const log = pino(
    { level: 'trace', base: null },
    { write: (line: string) => void lines.push(JSON.parse(line) as LogLine) },
  );
  return {
    log,
    lines,
    at: (level) => lines.filter((line) => line.level === pino.levels.values[level]).map(({ msg }) => msg),
  };
}

export const silentLog: Logger = pino({ level: 'silent' });
