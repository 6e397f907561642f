import { readFile, readdir } from 'node:fs/promises';
import { dirname, join, normalize, relative } from 'node:path';
import ts from 'typescript';

/** File (from the root of the project, with slashes) to what it imports: files, packages, `node:` modules. */
export type ImportGraph = ReadonlyMap<string, readonly string[]>;

/** The files whose names end with `.ts` (generated ones end with `.d.ts`) in these folders and files of the project, and what each imports. */
export async function readImports(root: string, places: readonly string[]): Promise<ImportGraph> {
  const graph = new Map<string, readonly string[]>();
  for (const place of places) {
    for (const file of place.endsWith('.ts') ? [place] : await filesIn(root, place)) {
      graph.set(file, importsIn(file, await readFile(join(root, file), 'utf8')));
    }
  }
  return graph;
}

async function filesIn(root: string, folder: string): Promise<string[]> {
  const found = await readdir(join(root, folder), { recursive: true, withFileTypes: true });
  return found
    .filter((entry) => entry.isFile() && /(?<!\.d)\.ts$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
}

/** What a text of TypeScript imports: static and dynamic imports, re-exports, and `new URL('…', import.meta.url)` for workers. */
export function importsIn(file: string, text: string): string[] {
  const imported = ts.preProcessFile(text).importedFiles.map(({ fileName }) => fileName);
  const byUrl = [...text.matchAll(/new URL\(\s*['"](\.[^'"]+)['"],\s*import\.meta\.url/g)].map(
    (match) => match[1] ?? '',
  );
  return [...imported, ...byUrl].map((name) =>
    name.startsWith('.') ? normalize(join(dirname(file), name)) : name,
  );
}
