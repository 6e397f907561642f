/** The outputs as their files hold them, and followers as processes. */
import { readFile } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { filesOf } from '../../src/outputs/rotating_file.ts';
import { readStatistics } from '../../src/outputs/statistics.ts';
import { Program } from './programs.ts';
import { until } from './until.ts';

export const NAMES = ['csv', 'sqlite', 'text', 'jsonl', 'stats'] as const;
export type Name = (typeof NAMES)[number];

/** Entries have a member `n`: in the text it is all there is of them. Files are small, so that there are many. */
export const outputEnv = (folder: string): Record<string, string> => ({
  DATA_DIR: `${folder}/data`,
  OUTPUT_DIR: folder,
  TEXT_TEMPLATE: '{.n}',
  OUTPUT_MAX_BYTES: '2MiB',
});

/** A follower that has its output and reads. Rejects where it ends instead, unless it is to. */
export async function startFollower(folder: string, name: Name, ...args: string[]): Promise<Program> {
  const program = new Program('server_main.ts', ['follow', '--output', name, ...args], outputEnv(folder));
  await until(
    `${name} is followed`,
    () => program.stdout.includes('following') || program.child.exitCode !== null,
    30_000,
  );
  if (!program.stdout.includes('following') && !args.includes('--once'))
    throw new Error(`the follower ${name} ended:\n${program.stdout}${program.stderr}`);
  return program;
}

/** Follows until it has caught up; the exit code. */
export async function followOnce(folder: string, name: Name, ...args: string[]): Promise<number | null> {
  await using program = await startFollower(folder, name, '--once', ...args);
  return (await program.ended()).code;
}

/** The `n` of every entry that an output holds, in order; of `stats` as many as it counted. */
export async function numbersIn(folder: string, name: Name): Promise<number[]> {
  if (name === 'stats') {
    const statistics = await readStatistics(`${folder}/data`, Date.now());
    const levels = Object.values(statistics?.levels ?? {}).reduce((sum, count) => sum + count, 0);
    return levels === statistics?.total ? Array.from({ length: levels }, (_, index) => index + 1) : [];
  }
  if (name === 'sqlite') return rowsIn(`${folder}/outputs/logs.db`);
  const text = await READ[name](folder);
  return [...text].map(Number);
}

function rowsIn(file: string): number[] {
  const database = new DatabaseSync(file);
  try {
    return database
      .prepare("SELECT rest ->> 'n' AS n FROM logs ORDER BY id")
      .all()
      .map(({ n }) => Number(n));
  } finally {
    database.close();
  }
}

const READ = {
  csv: async (folder: string) => matches(await textOf(`${folder}/outputs/logs.csv`), /""n"":(\d+)/g),
  text: async (folder: string) => (await textOf(`${folder}/outputs/logs.log`)).split('\n').slice(0, -1),
  jsonl: async (folder: string) =>
    matches(await textOf(`${folder}/collected_logs/collected.jsonl`), /^\{"n":(\d+)/gm),
};

const matches = (text: string, pattern: RegExp): string[] =>
  [...text.matchAll(pattern)].map(([, n = '']) => n);

/** All files of an output in order. */
export async function textOf(file: string): Promise<string> {
  return (await Promise.all((await filesOf(file)).map(({ path }) => readFile(path, 'utf8')))).join('');
}
