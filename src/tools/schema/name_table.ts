import { basename, dirname } from 'node:path';
import { IdlError } from './idl_error.ts';
import type { SourceFile } from './read_files.ts';
import type { DefinitionSyntax } from './syntax.ts';

export type OfKind<Kind extends DefinitionSyntax['kind']> = Extract<DefinitionSyntax, { kind: Kind }>;

/** A definition, and the file it is in: the names in it are looked up from there. */
export interface Found<Syntax = DefinitionSyntax> {
  readonly syntax: Syntax;
  readonly file: SourceFile;
  /** With the name of its file in front, where that is not the first one. */
  readonly name: string;
}

interface KnownFile {
  /** Empty for the first file. */
  readonly prefix: string;
  readonly definitions: ReadonlyMap<string, DefinitionSyntax>;
}

/** What is defined in a file and in all it includes. */
export class NameTable {
  readonly #files = new Map<SourceFile, KnownFile>();

  /** Throws IdlError where a file defines a name twice. */
  constructor(root: SourceFile) {
    this.#enter(root, '');
  }

  /** All definitions of these kinds. */
  all<Kind extends DefinitionSyntax['kind']>(...kinds: readonly Kind[]): Found<OfKind<Kind>>[] {
    return [...this.#files].flatMap(([file, { definitions }]) =>
      [...definitions.values()]
        .filter((syntax): syntax is OfKind<Kind> => (kinds as readonly string[]).includes(syntax.kind))
        .map((syntax) => this.#found(file, syntax)),
    );
  }

  /** What a name means in a file: something of its own, or `include.name`. */
  lookUp(name: string, file: SourceFile): Found | undefined {
    const own = this.#files.get(file)?.definitions.get(name);
    if (own !== undefined) return this.#found(file, own);
    const dot = name.lastIndexOf('.');
    const included = dot === -1 ? undefined : file.includes.get(name.slice(0, dot));
    if (included === undefined) return undefined;
    const theirs = this.#files.get(included)?.definitions.get(name.slice(dot + 1));
    return theirs === undefined ? undefined : this.#found(included, theirs);
  }

  #enter(file: SourceFile, prefix: string): void {
    if (this.#files.has(file)) return;
    const definitions = new Map<string, DefinitionSyntax>();
    for (const syntax of file.syntax.definitions) {
      if (definitions.has(syntax.name)) throw new IdlError(`${syntax.name} is defined twice`, syntax.place);
      definitions.set(syntax.name, syntax);
    }
    this.#files.set(file, { prefix, definitions });
    for (const [name, included] of file.includes) this.#enter(included, this.#prefixFor(name, included));
  }

  /** Two files may have one name in two folders: the second is called with its folder. */
  #prefixFor(name: string, file: SourceFile): string {
    const taken = new Set([...this.#files.values()].map(({ prefix }) => prefix));
    const candidates = [`${name}.`, `${basename(dirname(file.path))}/${name}.`];
    return candidates.find((prefix) => !taken.has(prefix)) ?? `${file.path}.`;
  }

  #found<Syntax extends DefinitionSyntax>(file: SourceFile, syntax: Syntax): Found<Syntax> {
    return { syntax, file, name: `${this.#files.get(file)?.prefix ?? ''}${syntax.name}` };
  }
}
