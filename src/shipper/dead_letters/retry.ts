/**
 * `dead-letter retry`: each letter is shipped under a shipper id made from its name, and removed once the receiver has
 * it on disk. Killed at any moment, the next run learns from the receiver what it has under that id: no letter is
 * stored twice, and none is removed that is not stored.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import type { Lines } from '../../entry.ts';
import { LetterDelivery, type LetterDeliveryOptions } from './delivery.ts';
import { addToNote, removeLetter } from './file.ts';
import { divideLetter } from './parts.ts';
import type { DeadLetter } from './list.ts';
import { entryLines } from '../entry_lines.ts';
import { ShipperError } from '../shipper_error.ts';

/** What became of a letter. */
export type Outcome =
  | { readonly kind: 'acknowledged'; readonly entries: number; readonly shipperId: string }
  | { readonly kind: 'rejected'; readonly code: string; readonly reason: string }
  /** Its parts are letters now. */
  | { readonly kind: 'divided'; readonly parts: readonly DeadLetter[] }
  /** It is as it was. */
  | { readonly kind: 'unreadable' | 'failed'; readonly reason: string };

const NEWLINE = Buffer.from('\n');
const MAX_ID_LENGTH = 128;

/**
 * Ships letters in order (the parts of one that has to be divided in its place), until all are done or `stop` aborts.
 * Throws ShipperError where none can be shipped.
 */
export async function* retryLetters(
  letters: readonly DeadLetter[],
  options: LetterDeliveryOptions,
  stop: AbortSignal,
): AsyncGenerator<{ readonly letter: DeadLetter; readonly outcome: Outcome }> {
  const left = [...letters];
  for (let letter = left.shift(); letter !== undefined; letter = left.shift()) {
    const outcome = await retryLetter(letter, options, stop);
    if (outcome === undefined) return;
    if (outcome.kind === 'divided') left.unshift(...outcome.parts);
    yield { letter, outcome };
  }
}

/** The entries of a letter; what a person left in it that is none becomes one. Rejects with why it can't be read. */
export async function readEntries({ path, problem }: DeadLetter): Promise<Lines> {
  if (problem !== undefined) throw new Error(problem);
  const bytes = await readFile(path);
  const entries = entryLines(bytes.at(-1) === NEWLINE[0] ? bytes : Buffer.concat([bytes, NEWLINE]));
  if (entries.count === 0) throw new Error('it holds no entries');
  return entries;
}

/** The id that a letter is shipped under: the same each time, and no other letter's. */
export function letterId({ shipper, name }: DeadLetter): string {
  const id = `${shipper}:dead-letter:${name}`;
  if (id.length <= MAX_ID_LENGTH) return id;
  const hash = createHash('sha256').update(id).digest('hex').slice(0, 16);
  return `${id.slice(0, MAX_ID_LENGTH - hash.length - 1)}.${hash}`;
}

/** Undefined where `stop` aborted before it was known. */
async function retryLetter(
  letter: DeadLetter,
  options: LetterDeliveryOptions,
  stop: AbortSignal,
): Promise<Outcome | undefined> {
  let entries: Lines;
  try {
    entries = await readEntries(letter);
  } catch (error) {
    return { kind: 'unreadable', reason: (error as Error).message };
  }
  try {
    return await ship(letter, entries, options, stop);
  } catch (error) {
    if (error instanceof ShipperError && ['plain_receiver', 'tls'].includes(error.code)) throw error;
    return { kind: 'failed', reason: (error as Error).message };
  }
}

async function ship(
  letter: DeadLetter,
  entries: Lines,
  options: LetterDeliveryOptions,
  stop: AbortSignal,
): Promise<Outcome | undefined> {
  const shipperId = letterId(letter);
  const parcel = { shipperId, entries, crc: crc32(entries.bytes) };
  const answer = await new LetterDelivery(parcel, options).answer(stop);
  switch (answer?.kind) {
    case undefined:
      return undefined;
    case 'stored':
      await removeLetter(letter.path);
      return { kind: 'acknowledged', entries: entries.count, shipperId };
    case 'rejected': {
      const { code, reason } = answer;
      await addToNote(letter.path, { code, reason });
      return { kind: 'rejected', code, reason };
    }
    case 'too long':
      return { kind: 'divided', parts: await divideLetter(letter, entries.bytes, answer.maxBytes) };
    case 'other':
      return {
        kind: 'failed',
        reason: `the receiver has something else as ${shipperId}: the letter was changed after it had arrived there`,
      };
  }
}
