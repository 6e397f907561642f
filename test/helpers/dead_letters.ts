import { readFile } from 'node:fs/promises';
import { retryDeadLetters, type LetterChoice } from '../../src/shipper/dead_letters/command.ts';
import type { LetterDeliveryOptions } from '../../src/shipper/dead_letters/delivery.ts';
import { DeadLetters } from '../../src/shipper/dead_letters/dead_letters.ts';
import { readDeadLetters } from '../../src/shipper/dead_letters/list.ts';
import { encodeBatch } from '../../src/shipper/encode.ts';
import { silentLog } from './logs.ts';
import { neverStop } from './shippers.ts';

export const LETTER_EPOCH = 7;

/** Puts lines into a state folder as if a receiver had rejected them as batch `sequence`. */
export async function keepLetter(
  state: string,
  shipperId: string,
  sequence: number,
  lines: readonly string[],
): Promise<void> {
  const raw = Buffer.from(textOf(lines));
  const batch = await encodeBatch({ sequence, count: lines.length, raw, positions: {} }, 'acked', {
    algorithm: 'none',
    level: 1,
    bypassBelow: 0,
  });
  const reject = { sequence, code: 'entry_too_large', reason: 'too long' } as const;
  await new DeadLetters(state, shipperId, silentLog).keep(LETTER_EPOCH, batch, reject);
}

/** How letters are delivered to a receiver on this machine. */
export function letterDelivery(
  port: number,
  wishes: Partial<LetterDeliveryOptions> = {},
): LetterDeliveryOptions {
  return {
    dial: { addresses: [{ host: '127.0.0.1', port }], helloTimeoutMs: 5000 },
    reconnect: { firstMs: 1, maxMs: 5 },
    compression: { algorithm: 'gzip', level: 6, bypassBelow: 0 },
    maxBytes: 64 * 1024,
    closeTimeoutMs: 1000,
    log: silentLog,
    ...wishes,
  };
}

export interface Retried {
  readonly exitCode: 0 | 1;
  readonly told: string[];
}

/** `dead-letter retry` in this process. */
export async function retryHere(
  port: number,
  choice: Partial<LetterChoice> & Pick<LetterChoice, 'stateFolder'>,
  wishes: Partial<LetterDeliveryOptions> = {},
): Promise<Retried> {
  const told: string[] = [];
  const tell = (line: string): unknown => told.push(line);
  const exitCode = await retryDeadLetters(
    { paths: [], ...choice },
    letterDelivery(port, wishes),
    tell,
    neverStop(),
  );
  return { exitCode, told };
}

/** The lines of all letters that are left. */
export async function leftLines(state: string): Promise<string[]> {
  const letters = await readDeadLetters(state);
  return (await Promise.all(letters.map(({ path }) => readFile(path, 'utf8')))).flatMap(linesOf);
}

export const textOf = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');

export const linesOf = (text: string): string[] => text.split('\n').slice(0, -1);
