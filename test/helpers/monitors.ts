/** Programs that are looked at by way of METRICS_PORT. */
import { parseExposition } from './exposition_text.ts';
import { ask } from './http_receivers.ts';
import type { Program } from './programs.ts';
import { until } from './until.ts';

/** METRICS_PORT on any free port of this machine. */
export const WATCHED = { METRICS_PORT: '0' } as const;

/** `http://127.0.0.1:PORT` of a program started with WATCHED. Rejects where it ends first. */
export async function monitorUrlOf(program: Program): Promise<string> {
  const port = (): unknown => program.log.find(({ metricsPort }) => metricsPort !== undefined)?.metricsPort;
  await until(
    'it says where its metrics are',
    () => port() !== undefined || program.child.exitCode !== null,
    30_000,
  );
  if (port() === undefined) throw new Error(`it ended:\n${program.stdout}${program.stderr}`);
  return `http://127.0.0.1:${String(port())}`;
}

/** The text at `/metrics`. */
export const scrape = async (url: string): Promise<string> => (await ask(`${url}/metrics`)).text;

/** The names of the metrics that have a value in this text. */
export const shownIn = (text: string): string[] =>
  parseExposition(text)
    .filter(({ samples }) => samples.length > 0)
    .map(({ name }) => name);
