/** The files of the page, and of the charting library: a closed set, read once. */
import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('./page/', import.meta.url));

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Nothing but this page's own files run or are asked for, and no text becomes markup, whoever finds a way to try. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

const HEADERS = {
  'content-security-policy': POLICY,
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
  'x-frame-options': 'DENY',
  // Kept by browsers, and asked about each time: a new version is seen at once.
  'cache-control': 'no-cache',
};

interface PageFile {
  readonly type: string;
  readonly tag: string;
  readonly bytes: Buffer;
}

/** By the path they are asked for. `/` is the page itself. */
export type PageFiles = ReadonlyMap<string, PageFile>;

/** Reads all of them. */
export async function readPageFiles(): Promise<PageFiles> {
  const uplot = dirname(createRequire(import.meta.url).resolve('uplot'));
  const paths = new Map([
    ['/page/uplot.js', join(uplot, 'uPlot.esm.js')],
    ['/page/uplot.css', join(uplot, 'uPlot.min.css')],
  ]);
  for (const name of await readdir(FOLDER))
    if (extname(name) in TYPES) paths.set(name === 'index.html' ? '/' : `/page/${name}`, join(FOLDER, name));
  const files = new Map<string, PageFile>();
  for (const [path, file] of paths) {
    const bytes = await readFile(file);
    const tag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`;
    files.set(path, { type: TYPES[extname(file)] ?? '', tag, bytes });
  }
  return files;
}

/** Answers with one of them; 304 where the browser has it. */
export function sendPageFile(
  { type, tag, bytes }: PageFile,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const headers = { ...HEADERS, 'content-type': type, etag: tag };
  if (request.headers['if-none-match'] === tag) response.writeHead(304, headers).end();
  else
    response
      .writeHead(200, { ...headers, 'content-length': bytes.length })
      .end(request.method === 'HEAD' ? '' : bytes);
}
