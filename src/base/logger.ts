import { Writable } from 'node:stream';
import { pino, stdTimeFunctions, type Logger } from 'pino';

export type { Logger } from 'pino';

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/**
 * The process's logger: JSON lines on standard error (`2`) or output (`1`), and lines for people where that is a terminal.
 * It writes synchronously, so that the last line before an exit is there. On a terminal `beforeLine` is called before each.
 */
export async function createLogger(
  name: string,
  level: LogLevel,
  fd: 1 | 2,
  beforeLine: () => void = () => undefined,
): Promise<Logger> {
  const options = { name, level, timestamp: stdTimeFunctions.isoTime, base: { name } };
  const stream = fd === 1 ? process.stdout : process.stderr;
  if (!stream.isTTY) return pino(options, pino.destination({ dest: fd, sync: true }));
  const { default: pretty } = await import('pino-pretty');
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      beforeLine();
      stream.write(chunk, () => done());
    },
  });
  return pino(
    options,
    pretty({ destination, translateTime: 'SYS:HH:MM:ss', ignore: 'pid,hostname,name', singleLine: true }),
  );
}
