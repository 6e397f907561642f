/** Entries are written by anybody: what would end a line, talk to a terminal or turn text around is shown as an escape. */

/** Control characters, and those that change the direction of text or are not seen. A tab is let be. */
const UNSAFE =
  /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** The text in one line that is safe to print; JSON stays the JSON it was, where it was any. */
export const safeText = (text: string): string =>
  text.replace(UNSAFE, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`);
