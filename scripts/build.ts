/**
 * `npm run build`: the programs and the library as JavaScript with types, in `dist`. Further arguments go to tsc, as
 * `--outDir DIR` for another place. It is made beside its place, and takes it when all of it is there.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** What the programs read that tsc does not make. */
const COPIED = ['src/thrift/generated', 'src/dashboard/page'];

/** What a build has at its top, and nothing else. */
const BUILT = /^(?:src|(?:client|server)_main\.(?:js|d\.ts)(?:\.map)?)$/;

const args = process.argv.slice(2);
const given = args.indexOf('--outDir');
const [, out = 'dist'] = given === -1 ? [] : args.splice(given, 2);
process.exitCode = build(resolve(out), args);

/** The exit code: that of tsc. What is at `place` stays as it is unless all is well. */
function build(place: string, further: readonly string[]): number {
  if (!isOurs(place)) {
    console.error(
      `${place} holds something else than a build, which would be lost: name a folder that is empty, or not there`,
    );
    return 2;
  }
  const beside = `${place}.${process.pid}`;
  mkdirSync(dirname(place), { recursive: true });
  mkdirSync(beside);
  try {
    for (const folder of COPIED) cpSync(folder, join(beside, folder), { recursive: true });
    const tsc = [
      'node_modules/typescript/bin/tsc',
      '-p',
      'tsconfig.build.json',
      ...further,
      '--outDir',
      beside,
    ];
    const status = spawnSync(process.execPath, tsc, { stdio: 'inherit' }).status ?? 1;
    if (status !== 0) return status;
    rmSync(place, { recursive: true, force: true });
    renameSync(beside, place);
    return 0;
  } finally {
    rmSync(beside, { recursive: true, force: true });
  }
}

/** Whether nothing is lost with what is at `place`: nothing is there, or a build. */
function isOurs(place: string): boolean {
  if (!existsSync(place)) return true;
  const names = readdirSync(place);
  return names.length === 0 || (names.includes('server_main.js') && names.every((name) => BUILT.test(name)));
}
