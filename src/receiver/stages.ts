import type { FrameName } from '../wire/frame.ts';
import { WireError } from '../wire/wire_error.ts';

/** How far a connection has come: `plain` until HELLO, `greeted` until OPEN. */
export type Stage = 'plain' | 'greeted' | 'open';

/** Which frames a peer may send then. */
const EXPECTED: Readonly<Record<Stage, ReadonlySet<FrameName>>> = {
  plain: new Set(['PLAIN', 'HELLO']),
  greeted: new Set(['OPEN', 'PING', 'PONG', 'BYE', 'PLAIN']),
  open: new Set(['BATCH', 'GAP', 'PING', 'PONG', 'BYE']),
};

const IN_WORDS: Readonly<Record<Stage, string>> = {
  plain: 'has not said HELLO',
  greeted: 'has not said OPEN',
  open: 'is open for batches',
};

/** Throws WireError `unexpected_type` for a frame that has no place at this stage. */
export function expectInPlace(type: FrameName, stage: Stage): void {
  if (EXPECTED[stage].has(type)) return;
  throw new WireError(
    'unexpected_type',
    `a ${type} frame has no place here: the connection ${IN_WORDS[stage]}`,
  );
}
