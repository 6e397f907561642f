/** `schema check` and `schema show`. */
import { compareSchemas } from './compare.ts';
import { IdlError } from './idl_error.ts';
import { loadSchema } from './load_schema.ts';
import { changesJson, changesText, isSafe } from './report.ts';
import { schemaJson } from './schema_json.ts';
import { schemaText } from './show.ts';

export interface SchemaOptions {
  /** Folders to find includes in, beside a file's own. */
  readonly include: readonly string[];
  readonly isJson: boolean;
  /** Of the terminal. */
  readonly columns: number;
}

interface Output {
  write(text: string): unknown;
}

interface Outputs {
  readonly stdout: Output;
  readonly stderr: Output;
}

/** Prints what changed from one file to the other. The answer is the exit code: 0 all is safe, 1 something is not, 2 a file is wrong. */
export async function checkSchemas(
  oldPath: string,
  newPath: string,
  options: SchemaOptions,
  { stdout, stderr }: Outputs,
): Promise<0 | 1 | 2> {
  return orWrong(stderr, async () => {
    const old = await loadSchema(oldPath, options.include);
    const changes = compareSchemas(old, await loadSchema(newPath, options.include));
    stdout.write(options.isJson ? changesJson(changes) : changesText(changes, options.columns));
    return changes.every(isSafe) ? 0 : 1;
  });
}

/** Prints what a file has on the wire. The answer is the exit code: 0, or 2 where the file is wrong. */
export async function showSchema(
  path: string,
  options: SchemaOptions,
  { stdout, stderr }: Outputs,
): Promise<0 | 1 | 2> {
  return orWrong(stderr, async () => {
    const schema = await loadSchema(path, options.include);
    stdout.write(options.isJson ? schemaJson(schema) : schemaText(schema));
    return 0;
  });
}

async function orWrong(stderr: Output, run: () => Promise<0 | 1>): Promise<0 | 1 | 2> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof IdlError)) throw error;
    stderr.write(`error: ${error.message}\n`);
    return 2;
  }
}
