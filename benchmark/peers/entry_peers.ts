/** All that make up entries and send them, side by side. */
import { execFile } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createGunzip } from 'node:zlib';
import { startProcess, type Usage } from '../measured_process.ts';
import { succeeded } from '../product.ts';
import { saidBy } from '../said_by.ts';
import { scratchFolder } from '../scratch_folder.ts';
import { checkEntries } from './entry_check.ts';
import { LOGFERRY_ENTRIES } from './logferry.ts';
import { costs, type EntryWork, type Peer, type Round } from './peer.ts';

const SOURCES = import.meta.dirname;

/** Its clients end once the receiver has read all and closed: then all is stored that will be. */
interface ProgramPair {
  /** Given a folder for its output; says the port it listens on. */
  readonly receiver: readonly string[];
  /** Given port, seconds and seed; says at its end what it sent. */
  readonly client: readonly string[];
}

export const ENTRY_PEERS: readonly Peer<EntryWork>[] = [
  LOGFERRY_ENTRIES,
  {
    name: 'Go newline JSON',
    stores: 'gzip',
    guarantee: 'nothing',
    needs: 'go',
    async measure(work, go, signal) {
      await using folder = await scratchFolder();
      const build = async (name: string): Promise<string> => {
        const program = join(folder.path, name);
        await promisify(execFile)(go, ['build', '-o', program, join(SOURCES, `${name}.go`)], { signal });
        return program;
      };
      const pair = { receiver: [await build('ingestor')], client: [await build('load')] };
      return await sendThrough(pair, work, signal);
    },
  },
  {
    name: 'Python plain frames',
    stores: 'plain text',
    guarantee: 'nothing',
    needs: 'python3',
    measure(work, python, signal) {
      const script = (name: string): string[] => [python, join(SOURCES, name)];
      return sendThrough(
        { receiver: script('plain_receiver.py'), client: script('plain_client.py') },
        work,
        signal,
      );
    },
  },
];

async function sendThrough(pair: ProgramPair, work: EntryWork, signal: AbortSignal): Promise<Round> {
  await using scratch = await scratchFolder();
  const output = join(scratch.path, 'received');
  await mkdir(output);
  await using receiver = await startProcess([...pair.receiver, output], signal);
  const [, port = ''] = await saidBy(receiver, /"listening": ?(\d+)/);
  const startedAt = performance.now();
  const clients = await Promise.all(
    Array.from({ length: work.clients }, (_, client) =>
      run([...pair.client, port, String(work.seconds), String(work.seed + client)], signal),
    ),
  );
  const wallSeconds = (performance.now() - startedAt) / 1000;
  receiver.kill('SIGTERM');
  const received = succeeded('the receiver', await receiver.finished, signal);
  const sent = clients.map(({ stdout }) => JSON.parse(stdout) as { entries: number; bytes: number });
  return {
    entries: sent.reduce((sum, { entries }) => sum + entries, 0),
    wallSeconds,
    ...costs(clients, received),
    wireBytes: sent.reduce((sum, { bytes }) => sum + bytes, 0),
    storedBytes: await sizeOf(output),
    losses: await checkEntries(
      stored(output),
      sent.map(({ entries }) => entries),
    ),
  };
}

async function run(command: readonly string[], signal: AbortSignal): Promise<Usage> {
  await using client = await startProcess(command, signal);
  return succeeded('a client', await client.finished, signal);
}

async function sizeOf(folder: string): Promise<number> {
  let bytes = 0;
  for (const name of await readdir(folder)) bytes += (await stat(join(folder, name))).size;
  return bytes;
}

async function* stored(folder: string): AsyncGenerator<Buffer> {
  for (const name of (await readdir(folder)).sort()) {
    const file = createReadStream(join(folder, name), { highWaterMark: 2 ** 20 });
    yield* (name.endsWith('.gz') ? file.pipe(createGunzip()) : file) as AsyncIterable<Buffer>;
  }
}
