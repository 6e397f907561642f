/** A place in a file of Thrift's IDL: line and column count from 1, columns in characters. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** A file of Thrift's IDL that can't be read or is wrong; the message begins with the place. */
export class IdlError extends Error {
  override readonly name = 'IdlError';

  constructor(problem: string, place: Place | string) {
    super(
      typeof place === 'string'
        ? `${place}: ${problem}`
        : `${place.file}:${place.line}:${place.column}: ${problem}`,
    );
  }
}

/** Letters that a terminal takes for commands, or that turn the direction of what it shows; JSON leaves them as they are. */
const UNSHOWN = /[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g;

/** JSON text with these letters written as JSON has them, `\\u009b`. */
export const escaped = (json: string): string =>
  json.replace(UNSHOWN, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** Text of a file as it is told to people. */
export const quoted = (text: string): string => escaped(JSON.stringify(text));
