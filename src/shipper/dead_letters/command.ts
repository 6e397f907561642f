/** What `dead-letter retry` does, and what it says of it. */
import { dirname, join, resolve } from 'node:path';
import { lockFolder } from '../../base/folder_lock.ts';
import type { LetterDeliveryOptions } from './delivery.ts';
import { LOCK_FOLDER, deadLetterFolder, makeFolder, notePathOf, sweep } from './folder.ts';
import { runsOf } from './parts.ts';
import { letterId, readEntries, retryLetters, type Outcome } from './retry.ts';
import { printable, readDeadLetters, type DeadLetter, type OnStray } from './list.ts';

export interface LetterChoice {
  readonly stateFolder: string;
  /** Only letters of this shipper. */
  readonly shipper?: string;
  /** Only these; none: all. */
  readonly paths: readonly string[];
}

/** Takes a line for people. */
export type Tell = (line: string) => void;

/** The letters that were chosen. Throws where a path is no letter's. */
export async function chooseLetters(
  { stateFolder, shipper, paths }: LetterChoice,
  onStray?: OnStray,
): Promise<DeadLetter[]> {
  const letters = await readDeadLetters(stateFolder, onStray);
  const isAt = (path: string, letter: DeadLetter): boolean =>
    [letter.path, notePathOf(letter.path)].some((own) => resolve(own) === resolve(path));
  for (const path of paths) {
    if (!letters.some((letter) => isAt(path, letter)))
      throw new Error(`${printable(path)} is not a dead letter in ${deadLetterFolder(stateFolder)}`);
  }
  return letters.filter(
    (letter) =>
      (shipper === undefined || letter.shipper === shipper) &&
      (paths.length === 0 || paths.some((path) => isAt(path, letter))),
  );
}

/** Says what `retryDeadLetters` would send. The answer is the exit code: 1 where a letter can't be read. */
export async function tellLetters(
  letters: readonly DeadLetter[],
  maxBytes: number,
  tell: Tell,
): Promise<0 | 1> {
  let exitCode: 0 | 1 = 0;
  for (const letter of letters) {
    try {
      const { bytes, count } = await readEntries(letter);
      const parts = count > 1 && bytes.length > maxBytes ? ` in ${runsOf(bytes, maxBytes).length} parts` : '';
      tell(
        `${letter.path}: would be sent${parts}: ${count} entries, ${bytes.length} bytes, as ${letterId(letter)}`,
      );
    } catch (error) {
      exitCode = 1;
      tell(`${letter.path}: ${textOf({ kind: 'unreadable', reason: (error as Error).message })}`);
    }
  }
  return exitCode;
}

/**
 * Ships the letters of a choice again, one after the other, and says what became of each. The answer is the exit code: 1
 * where one remains. Throws where none can be shipped: another process is at it, or ShipperError.
 */
export async function retryDeadLetters(
  choice: LetterChoice,
  options: LetterDeliveryOptions,
  tell: Tell,
  stop: AbortSignal,
): Promise<0 | 1> {
  const root = deadLetterFolder(choice.stateFolder);
  await makeFolder(join(root, LOCK_FOLDER));
  const unlock = await lockFolder(join(root, LOCK_FOLDER));
  if (unlock === undefined) throw new Error(`another process is shipping the dead letters in ${root}`);
  try {
    const letters = await chooseLetters(choice);
    for (const folder of new Set(letters.map(({ path }) => dirname(path)))) await sweep(folder, Date.now());
    return await retryAll(letters, options, tell, stop);
  } finally {
    await unlock();
  }
}

async function retryAll(
  letters: readonly DeadLetter[],
  options: LetterDeliveryOptions,
  tell: Tell,
  stop: AbortSignal,
): Promise<0 | 1> {
  let shipped = 0;
  let remaining = letters.length;
  for await (const { letter, outcome } of retryLetters(letters, options, stop)) {
    tell(`${letter.path}: ${textOf(outcome)}`);
    if (outcome.kind === 'divided') remaining += outcome.parts.length - 1;
    if (outcome.kind !== 'acknowledged') continue;
    shipped += 1;
    remaining -= 1;
  }
  tell(`shipped again: ${shipped}, remaining: ${remaining}${stop.aborted ? '; stopped' : ''}`);
  return remaining > 0 ? 1 : 0;
}

function textOf(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'acknowledged':
      return `retried: ${outcome.entries} entries acknowledged, as ${outcome.shipperId}`;
    case 'rejected':
      return `rejected again: ${printable(`${outcome.code}: ${outcome.reason}`)}`;
    case 'divided':
      return `longer than a batch may be: divided into ${outcome.parts.length}`;
    case 'unreadable':
    case 'failed':
      return `${outcome.kind}: ${printable(outcome.reason)}`;
  }
}
