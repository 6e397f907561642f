/** `top`: a receiver as it runs, in a terminal; once, as plain text, where there is none. */
import { setTimeout as delay } from 'node:timers/promises';
import { FullScreen } from './full_screen.ts';
import { askLive, type LiveAnswer, type LiveSource } from './live_client.ts';
import { topLines, type Line, type Room, type TopState } from './top_view.ts';

export interface TopOptions extends LiveSource {
  /** Print once, as plain text. */
  readonly isOnce: boolean;
  readonly hasColour: boolean;
}

const EVERY_MS = 1000;

/** Printed once there is room for all. */
const PLAIN_ROOM: Room = { columns: 200, rows: 1000 };

const HINT: Line = { text: 'q quits', style: 'dim' };

/**
 * Shows the receiver until `stop` aborts or somebody presses q; a receiver that is away is asked again. Prints once where
 * that is wished or `output` is no terminal: then it rejects where there is no answer.
 */
export async function top(
  options: TopOptions,
  output: NodeJS.WriteStream,
  keys: NodeJS.ReadStream,
  stop: AbortSignal,
): Promise<void> {
  if (options.isOnce || !output.isTTY) output.write(await plainText(options, stop));
  else await watch(options, output, keys, stop);
}

async function plainText(options: TopOptions, stop: AbortSignal): Promise<string> {
  const answer = await askLive(options, 60, stop).catch((error: unknown) => {
    throw new Error(`${options.url.host}: ${(error as Error).message}`, { cause: error });
  });
  const lines = topLines({ where: options.url.host, answer }, PLAIN_ROOM);
  return lines.map(({ text }) => `${text.trimEnd()}\n`).join('');
}

async function watch(
  options: TopOptions,
  output: NodeJS.WriteStream,
  keys: NodeJS.ReadStream,
  stop: AbortSignal,
): Promise<void> {
  const quit = new AbortController();
  const ending = AbortSignal.any([stop, quit.signal]);
  let state: TopState = { where: options.url.host, answer: undefined };
  const show = (): void => {
    const { columns, rows } = screen.room;
    screen.show([...topLines(state, { columns, rows: rows - 1 }), ...(rows > 1 ? [HINT] : [])]);
  };
  using screen = new FullScreen(output, keys, {
    hasColour: options.hasColour,
    onQuit: () => quit.abort(),
    onResize: () => show(),
  });
  show();
  for (let awaySince: number | undefined; !ending.aborted;) {
    try {
      const answer = await askLive(options, Math.max(60, screen.room.columns), ending);
      state = { where: state.where, answer, ...cpuOf(state.answer, answer) };
      awaySince = undefined;
    } catch (error) {
      awaySince ??= performance.now();
      const seconds = (performance.now() - awaySince) / 1000;
      state = { ...state, away: { reason: (error as Error).message, seconds } };
    }
    if (!ending.aborted) show();
    await delay(EVERY_MS, undefined, { signal: ending }).catch(() => undefined);
  }
}

/** What share of a processor it took between two answers of the same process. */
function cpuOf(before: LiveAnswer | undefined, { figures }: LiveAnswer): Pick<TopState, 'cpuShare'> {
  if (before?.figures.startedAtMs !== figures.startedAtMs || figures.nowMs <= before.figures.nowMs) return {};
  const seconds = (figures.nowMs - before.figures.nowMs) / 1000;
  return { cpuShare: (figures.process.cpuSeconds - before.figures.process.cpuSeconds) / seconds };
}
