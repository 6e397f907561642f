/**
 * For images: makes ordinary dependencies of the optional packages in the package.json of the current folder, at the
 * versions that package-lock.json has, so that `npm ci --omit=dev` installs them too.
 */
import { readFile, writeFile } from 'node:fs/promises';

interface Package {
  readonly dependencies: Record<string, string>;
  readonly devDependencies: Record<string, string>;
  readonly peerDependencies: Record<string, string>;
}

const { peerDependencies, ...kept } = JSON.parse(await readFile('package.json', 'utf8')) as Package;
const { dependencies, devDependencies } = kept;
for (const name of Object.keys(peerDependencies)) {
  const version = devDependencies[name];
  if (version === undefined)
    throw new Error(`${name} is an optional package, and not among the devDependencies`);
  dependencies[name] = version;
}
await writeFile(
  'package.json',
  JSON.stringify({
    ...kept,
    devDependencies: Object.fromEntries(
      Object.entries(devDependencies).filter(([name]) => !Object.hasOwn(peerDependencies, name)),
    ),
  }),
);
