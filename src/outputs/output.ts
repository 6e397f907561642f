/** What every output is: a target of its own that follows the archive, with its position saved with its data. */
import type { BlockHeader } from '../archive/block.ts';
import type { Position } from '../archive/commit_log.ts';
import type { Entry } from '../entry.ts';

/** One entry: its line as it came, without the newline, and what is in it. */
export interface Row {
  readonly line: string;
  readonly entry: Entry;
}

/** The entries of one block that are JSON. */
export interface Rows {
  readonly header: BlockHeader;
  readonly rows: readonly Row[];
  /** Their lines as bytes, each with its newline. */
  readonly lines: readonly Buffer[];
}

/** Where a follower stands, and what it has counted up to there. */
export interface FollowerState {
  /** Undefined before the first block. */
  readonly position?: Position;
  readonly entries: number;
  /** Lines that are no JSON: they are in rejected/NAME.jsonl. */
  readonly malformed: number;
  /** How long that file is. */
  readonly rejectedBytes: number;
  /** Entries and runs of bytes that could not be read: the archive was damaged. */
  readonly damaged: number;
  /** Of an output that a worker writes: what of the streams is in it. */
  readonly work?: WorkState;
}

/** How far a worker's output is. */
export interface WorkState {
  readonly worker: string;
  readonly group: string;
  /** By stream, the sequence of the last block in it. */
  readonly streams: Readonly<Record<string, number>>;
}

export const AT_START: FollowerState = { entries: 0, malformed: 0, rejectedBytes: 0, damaged: 0 };

/** A target. After an error of `write` or `save` it is closed and opened again: it then stands where it was saved last. */
export interface Output extends AsyncDisposable {
  /** What was saved last, with the data up to there; undefined where nothing was. */
  readonly saved: FollowerState | undefined;
  /** Takes the entries of a block, behind those of the block before. */
  write(rows: Rows): Promise<void> | void;
  /** Makes all that was written durable, together with `state`: a crash keeps both or neither. */
  save(state: FollowerState): Promise<void> | void;
}

/** An output to open, and where it is. */
export interface OutputPlan {
  readonly name: string;
  /** The file it writes, or the first of them. */
  readonly file: string;
  /** The folder to lock while it is written, where no other archive's follower may write there too. */
  readonly lockFolder: string;
  /** Opens it as it was saved last. Throws where what is there is not its own. `found` is told what a person should know. */
  open(found?: (finding: string) => void): Promise<Output>;
  /** Empties it, whatever is there: what is written next is the oldest entry there is. */
  reset(): Promise<void>;
}

/** Beside the file of an output: its lock, and its state where the file itself has no room for one. */
export const stateFolder = (file: string): string => `${file}.follower`;
