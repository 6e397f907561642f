/**
 * `npm run build`: the programs and the library as JavaScript with types, in `dist`. Further arguments go to tsc, as
 * `--outDir DIR` for another place.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** What the programs read that tsc does not make. */
const COPIED = ['src/thrift/generated', 'src/dashboard/page'];

const args = process.argv.slice(2);
const given = args.indexOf('--outDir');
const out = given === -1 ? 'dist' : (args[given + 1] ?? 'dist');

rmSync(out, { recursive: true, force: true });
for (const folder of COPIED) cpSync(folder, join(out, folder), { recursive: true });
const tsc = ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json', '--outDir', out, ...args];
process.exitCode = spawnSync(process.execPath, tsc, { stdio: 'inherit' }).status ?? 1;
