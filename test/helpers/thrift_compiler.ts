/** Apache Thrift as Debian has it: the compiler, and Python with its library. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { startProcess, type TestProcess } from './processes.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/** The compiler hangs on a string that does not end. */
const COMPILER_TIMEOUT_MS = 30_000;

export interface Compiled {
  readonly isTaken: boolean;
  /** What it complained of. */
  readonly said: string;
}

/** Runs the compiler on a file; what it makes, and of what the file includes, goes to `folder`. */
export function compileThrift(file: string, folder: string, generator = 'py'): Compiled {
  const args = ['-r', '--gen', generator, '-out', folder, file];
  const { status, stdout, stderr, error } = spawnSync('thrift', args, {
    encoding: 'utf8',
    timeout: COMPILER_TIMEOUT_MS,
  });
  if (error !== undefined && (error as NodeJS.ErrnoException).code === 'ENOENT')
    throw new Error("Thrift's compiler is missing (Debian: thrift-compiler)", { cause: error });
  return { isTaken: status === 0, said: `${stdout}${stderr}`.trim() };
}

let python: string | undefined;

/** A Python that has the library; where another comes first in the path, the system's own. */
export function pythonWithThrift(): string {
  python ??= ['python3', '/usr/bin/python3'].find(
    (name) => spawnSync(name, ['-c', 'import thrift.protocol.TProtocol'], { timeout: 30_000 }).status === 0,
  );
  if (python === undefined)
    throw new Error("Python's library for Thrift is missing (Debian: python3-thrift, python3-six)");
  return python;
}

/** Where that Python lies. */
export function pythonPath(): string {
  const { stdout } = spawnSync(pythonWithThrift(), ['-c', 'import sys; print(sys.executable)'], {
    encoding: 'utf8',
  });
  return stdout.trim();
}

/** One of the programs in `test/peers/`, run by that Python. */
export function startThriftPython(name: string, args: readonly string[]): TestProcess {
  return startProcess(pythonWithThrift(), [join(ROOT, 'test', 'peers', name), ...args]);
}
