/**
 * Which shipper id belongs to whom: the first to use an id keeps it (`AUTH_BIND_IDS`). Kept in `id_bindings.json` beside
 * the archive, `{"bindings": {"web-1": "token sha256:…"}}`, replaced as a whole and on disk before anyone is let in by it.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomically } from '../base/atomic_file.ts';

/** Who owns which shipper id. */
export interface Bindings {
  /** True where this id is `owner`'s, from now on if it was nobody's. Settles when that is kept; rejects, and binds nothing, where it can't be. */
  claim(shipperId: string, owner: string): Promise<boolean>;
}

export const ID_BINDINGS_FILE = 'id_bindings.json';

export class IdBindings implements Bindings {
  readonly #path: string;
  readonly #owners: Map<string, string>;
  /** By shipper id, the writes that those let in wait for. */
  readonly #unsaved = new Map<string, Promise<void>>();
  /** The write under way; and the one after it, which takes along all that came meanwhile. */
  #writing: Promise<void> = Promise.resolve();
  #waiting: Promise<void> | undefined;

  private constructor(path: string, owners: Map<string, string>) {
    this.#path = path;
    this.#owners = owners;
  }

  /** Reads the bindings kept in `folder`. Throws where the file can't be read or understood: without it ids would be free for the taking. */
  static async open(folder: string): Promise<IdBindings> {
    const path = join(folder, ID_BINDINGS_FILE);
    return new IdBindings(path, await readBindings(path));
  }

  /** By shipper id. */
  get owners(): ReadonlyMap<string, string> {
    return this.#owners;
  }

  async claim(shipperId: string, owner: string): Promise<boolean> {
    const known = this.#owners.get(shipperId);
    if (known !== undefined && known !== owner) return false;
    if (known === undefined) {
      this.#owners.set(shipperId, owner);
      this.#unsaved.set(shipperId, this.#save(shipperId));
    }
    await this.#unsaved.get(shipperId);
    return true;
  }

  async #save(shipperId: string): Promise<void> {
    try {
      this.#waiting ??= this.#afterThisWrite();
      await this.#waiting;
    } catch (error) {
      this.#owners.delete(shipperId);
      throw error;
    } finally {
      this.#unsaved.delete(shipperId);
    }
  }

  async #afterThisWrite(): Promise<void> {
    await this.#writing.catch(() => undefined);
    this.#waiting = undefined;
    const bindings = Object.fromEntries(this.#owners);
    this.#writing = writeFileAtomically(this.#path, `${JSON.stringify({ bindings }, null, 1)}\n`);
    return this.#writing;
  }
}

async function readBindings(path: string): Promise<Map<string, string>> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Map();
    throw error;
  }
  const bindings = bindingsIn(text);
  if (bindings === undefined) {
    throw new Error(
      `${path} is damaged: repair it, or move it away to let every shipper id be bound anew (AUTH_BIND_IDS)`,
    );
  }
  return bindings;
}

function bindingsIn(text: string): Map<string, string> | undefined {
  try {
    const { bindings } = JSON.parse(text) as { bindings?: unknown };
    if (typeof bindings !== 'object' || bindings === null || Array.isArray(bindings)) return undefined;
    const entries = Object.entries(bindings as Record<string, unknown>);
    return entries.every((entry): entry is [string, string] => typeof entry[1] === 'string')
      ? new Map(entries)
      : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined;
    throw error;
  }
}
