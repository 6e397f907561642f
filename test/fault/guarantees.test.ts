import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');

interface Promised {
  readonly promise: string;
  readonly tests: readonly string[];
}

/** The rows of the table under "The promises". */
async function promises(): Promise<Promised[]> {
  const text = await readFile(join(ROOT, 'docs', 'GUARANTEES.md'), 'utf8');
  const section = text.split('\n## ').find((part) => part.startsWith('The promises')) ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| promise'));
  return rows.map((row) => {
    const [, promise = '', , heldBy = ''] = row.split(/(?<!\\)\|/);
    return {
      promise: promise.trim(),
      tests: [...heldBy.matchAll(/`([^`]+)`/g)].map(([, path = '']) => path),
    };
  });
}

test('every promise names the tests that hold it, and each of them exists', async () => {
  const rows = await promises();
  expect(rows.length).toBeGreaterThan(8);
  for (const { promise, tests } of rows) {
    expect(tests, promise).not.toHaveLength(0);
    for (const path of tests) {
      expect(path, promise).toMatch(/^test\/.+\.test\.ts$/);
      expect((await stat(join(ROOT, path))).isFile(), path).toBe(true);
    }
  }
});

test('every source in the comparison is listed, and every listed one is used', async () => {
  const text = await readFile(join(ROOT, 'docs', 'GUARANTEES.md'), 'utf8');
  const used = new Set([...text.matchAll(/\[(\d+)\]/g)].map(([, n]) => Number(n)));
  const listed = [...text.matchAll(/^(\d+)\. /gm)].map(([, n]) => Number(n));
  expect([...used].toSorted((a, b) => a - b)).toEqual(listed);
});
