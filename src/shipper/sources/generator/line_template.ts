/** A line of a format as bytes with places to fill in. */

const PLACES = ['time', 'user', 'session', 'request', 'address'] as const;
type Place = (typeof PLACES)[number];

const NUMBERS = ['bytes', 'ms', 'n'] as const;
export type NumberName = (typeof NUMBERS)[number];

/** The digits of a number, at most: it counts to 2^53. */
const MAX_DIGITS = 16;

export interface LineTemplate {
  /** Up to the first number; what is in its places is of the last line made from it. */
  readonly head: Uint8Array;
  /** Where in the head each place is; -1 where there is none. */
  readonly at: Readonly<Record<Place, number>>;
  /** The numbers, each with the text behind it. */
  readonly tail: readonly { readonly name: NumberName; readonly after: Uint8Array }[];
  /** No line made from it is longer. */
  readonly maxBytes: number;
}

export function lineTemplate(text: string, widths: Readonly<Record<Place, number>>): LineTemplate {
  const [head = '', ...rest] = text.split(new RegExp(`<(${NUMBERS.join('|')})>`));
  const at = { time: -1, user: -1, session: -1, request: -1, address: -1 };
  let filled = '';
  for (const [index, part] of head.split(new RegExp(`<(${PLACES.join('|')})>`)).entries()) {
    if (index % 2 === 1) at[part as Place] = filled.length;
    filled += index % 2 === 1 ? '0'.repeat(widths[part as Place]) : part;
  }
  const tail = [];
  for (let index = 0; index < rest.length; index += 2)
    tail.push({ name: rest[index] as NumberName, after: Buffer.from(rest[index + 1] ?? '') });
  const tailBytes = tail.reduce((sum, { after }) => sum + MAX_DIGITS + after.length, 0);
  return { head: new Uint8Array(Buffer.from(filled)), at, tail, maxBytes: filled.length + tailBytes };
}
