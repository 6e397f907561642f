import { open, realpath } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { IdlError, quoted, type Place } from './idl_error.ts';
import { parseIdl } from './parse.ts';
import type { FileSyntax } from './syntax.ts';

/** Bytes of a file, and files in all: far above what is written by hand or made by machines. */
const MAX_FILE_BYTES = 1024 * 1024;
const MAX_FILES = 256;

/** A parsed file; each include is known by the name its definitions are called with. */
export interface SourceFile {
  readonly path: string;
  readonly syntax: FileSyntax;
  readonly includes: ReadonlyMap<string, SourceFile>;
}

/**
 * Reads a file and what it includes, from its own folder or from `includeFolders`. An include that leaves these folders
 * is refused, also by way of a link, as is a circle of includes. Throws IdlError.
 */
export async function readSourceFiles(path: string, includeFolders: readonly string[]): Promise<SourceFile> {
  const folders = [dirname(resolve(path)), ...includeFolders.map((folder) => resolve(folder))];
  const roots = await Promise.all(folders.map((folder) => realpath(folder).catch(() => folder)));
  return new FileReader(roots).read(path, path, []);
}

class FileReader {
  readonly #roots: readonly string[];
  readonly #files = new Map<string, SourceFile>();

  constructor(roots: readonly string[]) {
    this.#roots = roots;
  }

  /** `above` are the files that include this one, by their real paths. */
  async read(path: string, asked: Place | string, above: readonly string[]): Promise<SourceFile> {
    const real = await realpath(path).catch((error: unknown) => {
      throw cannotRead(path, asked, error);
    });
    if (above.includes(real))
      throw new IdlError(`includes ${basename(real)} in a circle: ${circle([...above, real])}`, asked);
    const known = this.#files.get(real);
    if (known !== undefined) return known;
    if (this.#files.size + above.length >= MAX_FILES)
      throw new IdlError(`more than ${MAX_FILES} files are included`, asked);
    const syntax = parseIdl(await readLimited(path, real, asked), path);
    const includes = new Map<string, SourceFile>();
    for (const include of syntax.includes) {
      const found = await this.#find(include.path, dirname(path), include.place);
      includes.set(programName(include.path), await this.read(found, include.place, [...above, real]));
    }
    const file = { path, syntax, includes };
    this.#files.set(real, file);
    return file;
  }

  /** The file an include means: the first there is, of those allowed. */
  async #find(name: string, folder: string, place: Place): Promise<string> {
    let isOutside = isAbsolute(name) && !this.#isAllowed(name);
    for (const from of isAbsolute(name) ? [''] : [folder, ...this.#roots]) {
      const path = isAbsolute(name) ? name : join(from, name);
      const real = await realpath(path).catch(() => undefined);
      if (real !== undefined && this.#isAllowed(real)) return path;
      isOutside ||= real !== undefined;
    }
    throw new IdlError(
      isOutside
        ? `the include ${quoted(name)} lies outside of the file's folder; allow its folder with --include`
        : `there is no file ${quoted(name)} to include`,
      place,
    );
  }

  #isAllowed(path: string): boolean {
    return this.#roots.some((root) => {
      const way = relative(root, path);
      return !way.startsWith('..') && !isAbsolute(way);
    });
  }
}

/** `shared/base.thrift` is called `base`. */
const programName = (path: string): string => basename(path).replace(/\.thrift$/, '');

const circle = (paths: readonly string[]): string => paths.map((path) => basename(path)).join(' → ');

async function readLimited(path: string, real: string, asked: Place | string): Promise<string> {
  try {
    await using file = await open(real);
    const stats = await file.stat();
    if (!stats.isFile()) throw new IdlError('this is no file', path);
    if (stats.size > MAX_FILE_BYTES)
      throw new IdlError(`${stats.size} bytes are more than ${MAX_FILE_BYTES}, the most that is read`, path);
    return (await file.readFile()).toString('utf8');
  } catch (error) {
    throw error instanceof IdlError ? error : cannotRead(path, asked, error);
  }
}

function cannotRead(path: string, asked: Place | string, error: unknown): IdlError {
  const { code, message } = error as NodeJS.ErrnoException;
  const why = code === 'ENOENT' ? 'there is no such file' : (code ?? message);
  return new IdlError(asked === path ? why : `can't read ${quoted(path)}: ${why}`, asked);
}
