/** `thrift send`: files of JSON lines to any Thrift server that has the LogIngestionService. */
import type { Readable } from 'node:stream';
import type { Logger } from '../../base/logger.ts';
import { inputLines } from './input_lines.ts';
import { sendLines, type Sent } from './send_lines.ts';
import { ThriftClient, type ThriftClientOptions } from './thrift_client.ts';

export interface ThriftSendOptions {
  readonly connection: ThriftClientOptions;
  /** Shown before anything is sent, where there is one. */
  readonly token: string | undefined;
  /** `-` is `stdin`. */
  readonly paths: readonly string[];
  readonly maxLineBytes: number;
  /** Entries of a call, at most. */
  readonly size: number;
  readonly callsAtOnce: number;
}

/** Characters of the lines of a call: it stays well below what servers take for a message. */
const MAX_CALL_CHARS = 1024 * 1024;

/** Problems told one by one. */
const MAX_TOLD = 100;

/**
 * Sends all of it and logs what became of it. Answers the exit code: 0 where every entry was answered, else 1. Aborting `stop`
 * ends the reading; what was sent is waited for. Rejects where the server can't be reached or a file can't be read.
 */
export async function thriftSend(
  { connection, token, paths, maxLineBytes, size, callsAtOnce }: ThriftSendOptions,
  stdin: Readable,
  log: Logger,
  stop: AbortSignal,
): Promise<0 | 1> {
  await using client = await ThriftClient.connect(connection, stop);
  if (token !== undefined) await showToken(client, token);
  const startedAt = performance.now();
  const end = AbortSignal.any([stop, client.ended]);
  const input = inputLines(paths, stdin, maxLineBytes, end);
  const options = { size, maxChars: MAX_CALL_CHARS, callsAtOnce, tell: toldUpTo(MAX_TOLD, log) };
  const sent = await sendLines(input, client, options, end);
  const seconds = Math.round(performance.now() - startedAt) / 1000;
  const isDone = sent.isAllRead && sent.refused + sent.unanswered + sent.unsent === 0;
  log[isDone ? 'info' : 'error']({ ...sent, seconds }, summary(sent));
  return isDone ? 0 : 1;
}

/** A file of nonsense is not to fill the log. */
function toldUpTo(most: number, log: Logger): (problem: string) => void {
  let told = 0;
  return (problem) => {
    told += 1;
    if (told <= most) log.error(problem);
    if (told === most) log.error('further problems are counted, and not told one by one');
  };
}

async function showToken(client: ThriftClient, token: string): Promise<void> {
  const answer = await client.authenticate(token);
  if (answer.kind === 'exception') throw new Error(`the server refuses the token: ${answer.message}`);
}

function summary({ answered, refused, unanswered, unsent, isAllRead }: Sent): string {
  const parts = [
    `${isAllRead ? 'done' : 'stopped before the end of the input'}: ${answered} entries answered`,
    ...(refused > 0 ? [`${refused} refused`] : []),
    ...(unanswered > 0 ? [`${unanswered} without an answer, which may be stored or not`] : []),
    ...(unsent > 0 ? [`${unsent} not sent`] : []),
  ];
  return parts.join(', ');
}
