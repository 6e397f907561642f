/** The benchmark as a process of its own, its workloads small. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { temporaryFolder } from './temp_folder.ts';

export const BENCHMARK = join(import.meta.dirname, '../../benchmark/main.ts');

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export async function benchmark(...args: string[]): Promise<Ended> {
  try {
    return {
      code: 0,
      ...(await promisify(execFile)(process.execPath, ['--import', 'tsx', BENCHMARK, ...args])),
    };
  } catch (error) {
    return error as Ended;
  }
}

export const number = expect.any(Number) as number;
export const spread = { median: number, min: number, max: number };

export interface Results {
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  readonly bars?: readonly { readonly what: string; readonly measured: number }[];
}

/** Runs a workload for one round; its file of results. */
export async function resultsOf(workload: string, ...flags: string[]): Promise<Results> {
  await using folder = await temporaryFolder();
  const { code, stdout, stderr } = await benchmark(
    workload,
    ...flags,
    '--rounds',
    '1',
    '--results',
    folder.path,
  );
  expect(stderr + (code === 0 ? '' : stdout)).not.toContain('error');
  expect(code).toBe(0);
  const results = JSON.parse(await readFile(folder.in(`${workload}.json`), 'utf8')) as Results;
  expect(results).toMatchObject({
    workload,
    machine: { cores: number, node: process.versions.node },
    settings: { rounds: 1 },
  });
  return results;
}
