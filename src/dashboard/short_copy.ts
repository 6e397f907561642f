/**
 * The first letters of a text, in memory of their own: what `slice` gives keeps all of the text alive, and who keeps some
 * hundred names would keep as many lines.
 */
export const shortCopy = (text: string, length: number): string =>
  Buffer.from(text.slice(0, length)).toString();
