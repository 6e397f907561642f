import { execFile } from 'node:child_process';
import { copyFile, readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { OPTIONAL_PACKAGES, needPackage } from '../../src/base/optional_package.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';

interface Package {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional: boolean }>>;
}

test('the optional packages are those of package.json: optional peers, tested at one version', async () => {
  const { dependencies, devDependencies, peerDependencies, peerDependenciesMeta } = JSON.parse(
    await readFile('package.json', 'utf8'),
  ) as Package;
  expect(peerDependencies).toEqual(OPTIONAL_PACKAGES);
  for (const [name, range] of Object.entries(OPTIONAL_PACKAGES)) {
    expect(peerDependenciesMeta[name]).toEqual({ optional: true });
    expect(devDependencies[name]).toBe(range.slice(1));
    expect(dependencies).not.toHaveProperty([name]);
  }
});

test('one that is installed is there, one that is not is told with the command that installs it', () => {
  expect(() => needPackage('redis', 'drain')).not.toThrow();
  const asked = (): void => needPackage('nowhere' as 'redis', 'drain');
  expect(asked).toThrow('drain needs the package nowhere, which is not installed: npm install nowhere@');
});

test("the receiver's image has them, at the versions of the lock file", async () => {
  expect(await readFile('Dockerfile', 'utf8')).toContain(
    'RUN node with_optional_packages.ts && npm ci --omit=dev\n',
  );
  await using folder = await temporaryFolder();
  await copyFile('package.json', folder.in('package.json'));
  await promisify(execFile)(process.execPath, [resolve('scripts/with_optional_packages.ts')], {
    cwd: folder.path,
  });
  const changed = JSON.parse(await readFile(folder.in('package.json'), 'utf8')) as Package;
  const lock = JSON.parse(await readFile('package-lock.json', 'utf8')) as {
    packages: Record<string, { version: string }>;
  };
  for (const name of Object.keys(OPTIONAL_PACKAGES))
    expect([name, changed.dependencies[name]]).toEqual([
      name,
      lock.packages[`node_modules/${name}`]?.version,
    ]);
  expect(changed).not.toHaveProperty('peerDependencies');
});
