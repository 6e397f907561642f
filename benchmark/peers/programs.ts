/** The programs of others: which of them this machine has, and where. `install.sh` unpacks those of Debian. */
import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

export type ProgramName = 'rsyslogd' | 'rsyslogd with RELP' | 'syslog-ng' | 'go' | 'python3';

export interface Program {
  readonly path: string;
  /** Name and version. */
  readonly title: string;
}

interface Wanted {
  readonly file: string;
  /** Fails where something is missing, and else says what `said` finds. */
  readonly asked: readonly string[];
  /** The version, and the path of the program itself where the one found is a script that starts it. */
  readonly said: RegExp;
  readonly package: string;
}

const relpConfiguration = join(import.meta.dirname, 'rsyslog_relp_receive.conf');

const PROGRAMS: Readonly<Record<ProgramName, Wanted>> = {
  rsyslogd: { file: 'rsyslogd', asked: ['-v'], said: /rsyslogd +(?<version>\S+)/, package: 'rsyslog' },
  'rsyslogd with RELP': {
    file: 'rsyslogd',
    asked: ['-N1', '-f', relpConfiguration],
    said: /version (?<version>[\d.]+)/,
    package: 'rsyslog-relp',
  },
  'syslog-ng': {
    file: 'syslog-ng',
    asked: ['--version'],
    said: /\((?<version>[\d.]+)\)/,
    package: 'syslog-ng-core',
  },
  go: { file: 'go', asked: ['version'], said: /go(?<version>\d\S+)/, package: 'golang-go' },
  python3: {
    file: 'python3',
    asked: ['-c', 'import platform, sys; print(platform.python_version(), sys.executable)'],
    said: /(?<version>\S+) (?<path>.+)/,
    package: 'python3',
  },
};

/** Before those of PATH: where `install.sh` puts them; after them: where daemons are, which not every PATH has. */
const FOLDERS = [
  join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'logferry-peers', 'bin'),
  ...(process.env.PATH ?? '').split(delimiter),
  '/usr/sbin',
];

/** What to say of a program that is not there. */
export const needs = (name: ProgramName): string => `needs Debian's ${PROGRAMS[name].package}`;

/** Undefined where it is not there, or does not work. */
export async function findProgram(
  name: ProgramName,
  folders: readonly string[] = FOLDERS,
): Promise<Program | undefined> {
  const { file, asked, said } = PROGRAMS[name];
  const found = await firstExecutable(folders.map((folder) => join(folder, file)));
  if (found === undefined) return undefined;
  try {
    const { stdout, stderr } = await promisify(execFile)(found, asked, { timeout: 10_000 });
    const { version, path = found } = said.exec(stdout + stderr)?.groups ?? {};
    return version === undefined ? undefined : { path, title: `${file} ${version}` };
  } catch {
    return undefined;
  }
}

async function firstExecutable(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    const isThere = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return path;
  }
  return undefined;
}
