/**
 * Throws where a stream ends with message `last`, before the message `given` that workers had of it: it was made anew, or has
 * lost its end. What comes next gets numbers that were used, and would be taken for written.
 */
export function expectWhole(stream: string, last: number, given: number): void {
  if (last >= given) return;
  throw new Error(
    `${stream} ends with message ${last}, and workers were given those up to ${given}: it was made anew, or has lost its end. Bring it back, or begin anew (follow --forget)`,
  );
}
