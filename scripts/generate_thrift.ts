/**
 * `npm run thrift`: makes src/thrift/generated/ from thrift/*.thrift, with Debian's `thrift` 0.17 (another version writes
 * other text). With a folder behind it: there, and nothing of the project is changed.
 */
import { execFileSync } from 'node:child_process';
import { globSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

const ROOT = join(import.meta.dirname, '..');

const folder = resolve(process.argv[2] ?? join(ROOT, 'src', 'thrift', 'generated'));
mkdirSync(folder, { recursive: true });
for (const file of globSync('thrift/*.thrift', { cwd: ROOT }).sort())
  execFileSync('thrift', ['-nowarn', '--gen', 'js:node,ts,es6', '-out', folder, file], {
    cwd: ROOT,
    stdio: 'inherit',
  });
