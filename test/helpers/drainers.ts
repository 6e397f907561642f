/** Drainers as processes, killed where a test wants it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const KILLER = pathToFileURL(join(import.meta.dirname, 'kill_at_file_steps.ts')).href;

export type DrainProgram = 'drain_once.ts' | 'original_drain.ts';

export interface DrainerEnd {
  readonly wasKilled: boolean;
  readonly code: number | null;
  readonly output: string;
}

export function startDrainer(
  program: DrainProgram,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): { readonly child: ChildProcess; readonly ended: Promise<DrainerEnd> } {
  const killer = env.KILL_AT === undefined ? [] : ['--import', KILLER];
  const child = spawn(process.execPath, [...killer, join(import.meta.dirname, program), ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes: Buffer) => output.push(bytes));
  const ended = once(child, 'close').then(() => ({
    wasKilled: child.signalCode === 'SIGKILL',
    code: child.exitCode,
    output: Buffer.concat(output).toString(),
  }));
  return { child, ended };
}

/** Runs one that is killed at this step, if it gets there. */
export const drainAndDie = (
  program: DrainProgram,
  args: readonly string[],
  step: number,
  env: Readonly<Record<string, string>> = {},
): Promise<DrainerEnd> => startDrainer(program, args, { ...env, KILL_AT: String(step) }).ended;
