/**
 * Outputs that are files of lines. Beside the file is a folder, `logs.csv.follower/`, whose `state.json` says how much of
 * the archive is in how much of the file; it is replaced whenever the file has been forced to disk. A crash in between
 * leaves a file that is longer than that, which is cut: nothing is there twice, and nothing is missing.
 */
import { mkdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomically } from '../base/atomic_file.ts';
import {
  AT_START,
  stateFolder,
  type FollowerState,
  type Output,
  type OutputPlan,
  type Rows,
} from './output.ts';
import { RotatingFile, filesOf, type FilePlace } from './rotating_file.ts';

export interface FileOutputOptions {
  readonly name: string;
  readonly file: string;
  readonly maxBytes: number;
  readonly maxFiles: number;
  /** What every file begins with. */
  readonly head?: Buffer;
  /** The entries of a block as they lie in the file. */
  readonly format: (rows: Rows) => Buffer;
}

interface SavedState extends FollowerState {
  readonly file: FilePlace;
}

const START: SavedState = { ...AT_START, file: { number: 0, bytes: 0 } };

export function fileOutput(options: FileOutputOptions): OutputPlan {
  const { name, file } = options;
  return {
    name,
    file,
    lockFolder: stateFolder(file),
    open: () => FileOutput.open(options),
    async reset() {
      await mkdir(stateFolder(file), { recursive: true });
      await writeState(file, START);
      await (await FileOutput.open(options))[Symbol.asyncDispose]();
    },
  };
}

class FileOutput implements Output {
  readonly #options: FileOutputOptions;
  readonly #file: RotatingFile;
  readonly saved: FollowerState | undefined;

  private constructor(options: FileOutputOptions, file: RotatingFile, saved: FollowerState) {
    this.#options = options;
    this.#file = file;
    this.saved = saved;
  }

  static async open(options: FileOutputOptions): Promise<FileOutput> {
    const { file: path, maxBytes, maxFiles, head = Buffer.alloc(0) } = options;
    await mkdir(stateFolder(path), { recursive: true });
    let known = await readState(path);
    if (known === undefined) {
      await expectNothing(path);
      await writeState(path, (known = START));
    }
    const { file: place, ...saved } = known;
    return new FileOutput(options, await RotatingFile.open({ path, maxBytes, maxFiles, head }, place), saved);
  }

  write(rows: Rows): Promise<void> {
    return this.#file.write(this.#options.format(rows));
  }

  async save(state: FollowerState): Promise<void> {
    await this.#file.sync();
    await writeState(this.#options.file, { ...state, file: this.#file.place });
    await this.#file.removeOld();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#file[Symbol.asyncDispose]();
  }
}

/** A file that is somebody else's is not written over. */
async function expectNothing(path: string): Promise<void> {
  for (const file of await filesOf(path)) {
    if ((await stat(file.path)).size === 0) continue;
    throw new Error(
      `${file.path} is there, and ${stateFolder(path)} does not say what is in it: move it away, or write it anew with follow --from start`,
    );
  }
}

const writeState = (path: string, state: SavedState): Promise<void> =>
  writeFileAtomically(join(stateFolder(path), 'state.json'), `${JSON.stringify(state)}\n`);

async function readState(path: string): Promise<SavedState | undefined> {
  try {
    return JSON.parse(await readFile(join(stateFolder(path), 'state.json'), 'utf8')) as SavedState;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
