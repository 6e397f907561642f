/** Dockerfile.test has all that the tests need. */
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';

const read = (name: string): Promise<string> => readFile(new URL(`../../${name}`, import.meta.url), 'utf8');

test('what `make system-packages` would install is in the image of the tests, and make', async () => {
  const [makefile, image] = await Promise.all([read('Makefile'), read('Dockerfile.test')]);
  const tools = /for tool in ([^;]+); do command -v/.exec(makefile)?.[1]?.split(' ') ?? [];
  const packages = [...makefile.matchAll(/missing="\$\$missing ([a-z0-9 -]+)"/g)].flatMap(([, names = '']) =>
    names.split(' '),
  );
  expect(tools).toContain('curl');
  expect(packages).toEqual(expect.arrayContaining(['postgresql', 'python3-six']));
  const installed = /apt-get install -y --no-install-recommends ([^\\]+)/.exec(image)?.[1]?.trim().split(' ');
  expect(installed).toEqual(expect.arrayContaining([...tools, ...packages, 'make']));
});
