/** What the pages lead to is there: links, and the commands of both programs. */
import { execFile } from 'node:child_process';
import { access, readFile, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';

const PAGES = [
  'README.md',
  'ARCHITECTURE.md',
  'CHANGELOG.md',
  'benchmark/peers/README.md',
  'examples/thrift/README.md',
  ...(await readdir('docs')).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`),
];

/** The commands a program says it has. */
async function commandsOf(script: string): Promise<readonly string[]> {
  const { stdout } = await promisify(execFile)(process.execPath, [script, '--help']);
  const list = stdout.slice(stdout.indexOf('Commands:'));
  return [...list.matchAll(/^ {2}([a-z][a-z-]*)/gm)].map(([, name = '']) => name);
}

const SERVER = await commandsOf('server_main.ts');
const CLIENT = await commandsOf('client_main.ts');

describe.each(PAGES)('%s', (page) => {
  test('links to files that are there', async () => {
    const text = await readFile(page, 'utf8');
    const links = [...text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].map(([, link = '']) => link);
    const missing: string[] = [];
    for (const link of links.filter((one) => !/^[a-z]+:/.test(one))) {
      await access(join(dirname(page), link)).catch(() => missing.push(link));
    }
    expect(missing).toEqual([]);
  });

  test('names commands that are there', async () => {
    const text = (await readFile(page, 'utf8')).replaceAll(/npm (?:i|install) .*/g, '');
    const named = (pattern: RegExp): string[] => [...text.matchAll(pattern)].map(([, name = '']) => name);
    const server = named(/(?:npm start(?: --silent)? -- |logferryd )([a-z][a-z-]*)/g);
    const client = named(/(?:npm run client(?: --silent)? -- |logferry )([a-z][a-z-]*)/g);
    expect(server.filter((name) => !SERVER.includes(name))).toEqual([]);
    expect(client.filter((name) => !CLIENT.includes(name))).toEqual([]);
  });
});
