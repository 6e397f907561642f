/** What the library gives to an application. */
import type { LibraryOptions } from '../config/library.ts';
import type { ProblemCode } from './messages.ts';

/** Something went wrong, and the application goes on: what, and what becomes of the entries. */
export interface ShipperProblem {
  /** `delivery`: the way to the receiver. `dropped`: entries were lost. `spool`: its folder or disk. `thread`: what ships fell, and is begun anew. */
  readonly code: ProblemCode;
  readonly message: string;
}

export type ShipperOptions = LibraryOptions & {
  /** Told of every problem, in a turn of its own; what it throws is not caught. Without it they are `process.emitWarning`s of type LogferryWarning. */
  readonly onProblem?: (problem: ShipperProblem) => void;
};

/** In entries, since the shipper was made; what the receiver has is up to 0.1 s behind. */
export interface ShipperCounts {
  /** Given to `log` and `write`: lines. */
  readonly logged: number;
  /** On the receiver's disk; with `spoolDir` also those that an earlier run had left. */
  readonly acknowledged: number;
  /** Refused by the receiver for good, and kept in `stateDir`. */
  readonly rejected: number;
  /** Lost: memory or spool was full. */
  readonly dropped: number;
}

export interface Shipper extends AsyncDisposable {
  /** Ships an object as one entry, with nothing added. Never throws: what JSON can't hold becomes an entry that says so. */
  log(entry: object): void;
  /** Ships a line of JSON, or several, as their bytes; any other line becomes `{"message": …}`. The newline at the end may be left out. */
  write(lines: string | Uint8Array): void;
  /** Settles once entries are kept from the moment they are logged: at once, or with `spoolDir` when the folder is this process's own. */
  ready(): Promise<void>;
  /** Settles when all that was logged until now is acknowledged (or rejected and kept, or dropped). Rejects after `timeoutSeconds` (`shutdownTimeout`), and where it was closed. */
  flush(timeoutSeconds?: number): Promise<void>;
  /** Takes nothing more, and settles when all is acknowledged, or after `timeoutSeconds` (`shutdownTimeout`): what is left then is in the spool, or lost. Twice is fine. */
  close(timeoutSeconds?: number): Promise<void>;
  readonly counts: ShipperCounts;
}
