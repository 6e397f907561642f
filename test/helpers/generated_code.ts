import { writeFile } from 'node:fs/promises';
import type { SchemaChange } from './schema_change.ts';
import { temporaryFolder } from './temp_folder.ts';
import { compileThrift, startThriftPython } from './thrift_compiler.ts';

export type Pair = Pick<SchemaChange, 'old' | 'now' | 'writes' | 'calls'>;

/** What happened to each party of a pair; null where it understood. */
export type Outcome = Readonly<Record<string, string | null>>;

/** Compiles pairs of schemas for Python, and has each side read and call the other (test/peers/thrift_evolution.py). */
export async function outcomesOf(pairs: readonly Pair[]): Promise<Outcome[]> {
  await using folder = await temporaryFolder();
  const files = pairs.flatMap(({ old, now }, number) => [
    [`old_${number}`, old] as const,
    [`now_${number}`, now] as const,
  ]);
  for (const [name, idl] of files)
    await writeFile(folder.in(`${name}.thrift`), `namespace py ${name}\n${idl}\n`);
  await writeFile(folder.in('all.thrift'), files.map(([name]) => `include "${name}.thrift"\n`).join(''));
  const { isTaken, said } = compileThrift(folder.in('all.thrift'), folder.path);
  if (!isTaken) throw new Error(`the compiler refuses a schema: ${said}`);
  await writeFile(folder.in('cases.json'), JSON.stringify(pairs));
  await using python = startThriftPython('thrift_evolution.py', [folder.path, folder.in('cases.json')]);
  const code = await python.exited;
  if (code !== 0) throw new Error(`Python ended with ${code}: ${python.stderr}`);
  return python.messages() as Outcome[];
}

/** Those who failed, or took one thing for another. */
export const hurtIn = (outcome: Outcome): string[] =>
  Object.entries(outcome).flatMap(([party, problem]) => (problem === null ? [] : [party]));
