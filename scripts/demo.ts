/**
 * `make demo`: a receiver and a shipper on this machine for about ten seconds, then a look at what they left.
 * DEMO_SECONDS and DEMO_RATE change how long and how fast (0: as fast as it can).
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { listSegments } from '../src/archive/segment_name.ts';

const FOLDER = resolve('data/demo');
const SECONDS = process.env.DEMO_SECONDS ?? '10';
const RATE = process.env.DEMO_RATE ?? '0';

const say = (text: string): unknown => process.stdout.write(`${text}\n`);
const run = (script: string, args: readonly string[], stdio: 'inherit' | 'pipe'): ChildProcess =>
  spawn(process.execPath, [script, ...args], { stdio: ['ignore', stdio, stdio] });

interface LogLine {
  readonly msg: string;
  readonly port?: number;
  readonly total?: number;
  readonly ratio?: number;
}

await rm(FOLDER, { recursive: true, force: true });
const server = run(
  'server_main.ts',
  ['--server-host', '127.0.0.1', '--server-port', '0', '--data-dir', FOLDER],
  'pipe',
);
process.once('exit', () => server.kill());
try {
  const lines = logLines(server);
  const port = await listeningPort(lines);
  say(`receiver: listening on 127.0.0.1:${port}, archive in ${FOLDER}`);
  say(
    `shipper:  made-up logs for ${SECONDS} s, ${RATE === '0' ? 'as fast as they go' : `${RATE} a second`}, gzip, acknowledged once on disk\n`,
  );
  const shown = showMetrics(lines);
  const shipper = run(
    'client_main.ts',
    [
      'generate',
      '--server-host',
      '127.0.0.1',
      '--server-port',
      String(port),
      '--run-time',
      SECONDS,
      '--log-rate',
      RATE,
      '--compression-level',
      '1',
    ],
    'pipe',
  );
  const summary = lastLine(shipper);
  expectSuccess('the shipper', await exitCode(shipper));
  say(`\nshipper:  ${(await summary)?.msg ?? ''}`);
  server.kill('SIGTERM');
  expectSuccess('the receiver', await exitCode(server));
  await shown;
  say('receiver: stopped\n\n$ npm start -- verify data/demo');
  expectSuccess('verify', await exitCode(run('server_main.ts', ['verify', FOLDER], 'inherit')));
  await listArchive();
} catch (error) {
  process.stderr.write(`the demo failed: ${(error as Error).message}\n`);
  process.exitCode = 1;
} finally {
  server.kill('SIGKILL');
}

/** The log lines of a child; what is not one (a crash) goes to standard error. */
async function* logLines(child: ChildProcess): AsyncGenerator<LogLine> {
  child.stderr?.pipe(process.stderr);
  if (child.stdout === null) return;
  for await (const line of createInterface({ input: child.stdout })) yield JSON.parse(line) as LogLine;
}

async function listeningPort(lines: AsyncGenerator<LogLine>): Promise<number> {
  const first = await lines.next();
  if (first.done === true || first.value.port === undefined) throw new Error('the receiver did not start');
  return first.value.port;
}

async function showMetrics(lines: AsyncGenerator<LogLine>): Promise<void> {
  for await (const { msg, total, ratio } of lines) {
    if (msg.startsWith('[METRIC]'))
      say(`${msg} (${(total ?? 0).toLocaleString('en-US')} in all, ratio ${ratio ?? 1})`);
  }
}

async function lastLine(child: ChildProcess): Promise<LogLine | undefined> {
  if (child.stderr === null) return undefined;
  let last: LogLine | undefined;
  for await (const line of createInterface({ input: child.stderr })) last = JSON.parse(line) as LogLine;
  return last;
}

async function exitCode(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.exitCode;
}

function expectSuccess(who: string, code: number | null): void {
  if (code !== 0) throw new Error(`${who} ended with exit code ${code ?? 'none'}`);
}

async function listArchive(): Promise<void> {
  const segments = await listSegments(FOLDER);
  say(`\n${segments.length} segments in data/demo:`);
  for (const { name } of segments.slice(0, 5)) say(`  ${name}`);
  if (segments.length > 5) say(`  … and ${segments.length - 5} more`);
  say('\nLook inside: they are ordinary gzip files of JSON lines.');
  say(`  zcat data/demo/${segments[0]?.name ?? '*.gz'} | head -3`);
  say('  npm start -- cat data/demo | head -3');
  say('  npm start -- verify data/demo');
}
