/** Logferry's own turn at the work of the others. */
import { join } from 'node:path';
import { readBlocks } from '../../src/archive/block_reader.ts';
import { listSegments } from '../../src/archive/segment_name.ts';
import { runShipper, shipFile, shipperCommand, startReceiver, verifyArchive } from '../product.ts';
import { scratchFolder } from '../scratch_folder.ts';
import { checkEntries } from './entry_check.ts';
import { checkLines } from './line_check.ts';
import { costs, type EntryWork, type FileWork, type Peer } from './peer.ts';

const GUARANTEE = 'on disk (fsync)';

const gzip = ['--compression-algorithm', 'gzip', '--compression-level', '1'];
const zstd = ['--compression-algorithm', 'zstd', '--compression-level', '1'];

export const LOGFERRY_FILE: readonly Peer<FileWork>[] = [
  sender('Logferry gzip 1', 'gzip', gzip, []),
  sender('Logferry zstd 1', 'zstd', zstd, ['--archive-format', 'zstd']),
];

function sender(
  name: string,
  stores: 'gzip' | 'zstd',
  shipperFlags: readonly string[],
  receiverFlags: readonly string[],
): Peer<FileWork> {
  return {
    name,
    stores,
    guarantee: GUARANTEE,
    async measure({ path, entries }, _path, signal) {
      await using scratch = await scratchFolder();
      const dataDir = join(scratch.path, 'data');
      await using receiver = await startReceiver(dataDir, receiverFlags, signal);
      const flags = [...shipperFlags, '--state-dir', join(scratch.path, 'state')];
      const { usage, shipped } = await shipFile(path, receiver.port, flags, signal);
      const received = await receiver.stop();
      return {
        entries,
        wallSeconds: usage.wallSeconds,
        ...costs([usage], received),
        wireBytes: shipped.wireBytes,
        storedBytes: await verifyArchive(dataDir, entries, signal),
        losses: await checkLines(path, () => archived(dataDir)),
      };
    },
  };
}

export const LOGFERRY_ENTRIES: Peer<EntryWork> = {
  name: 'Logferry generate',
  stores: 'gzip',
  guarantee: GUARANTEE,
  async measure({ clients, seconds, seed }, _path, signal) {
    await using scratch = await scratchFolder();
    const dataDir = join(scratch.path, 'data');
    await using receiver = await startReceiver(dataDir, [], signal);
    const generate = ['generate', '--log-rate', '0', '--run-time', String(seconds)];
    const startedAt = performance.now();
    const ended = await Promise.all(
      Array.from({ length: clients }, (_, client) => {
        const state = ['--state-dir', join(scratch.path, `state-${client}`)];
        const flags = [...gzip, ...state, '--seed', String(seed + client)];
        return runShipper(shipperCommand(generate, receiver.port, flags), signal);
      }),
    );
    const wallSeconds = (performance.now() - startedAt) / 1000;
    const received = await receiver.stop();
    const sent = ended.map(({ shipped }) => shipped.acknowledged);
    const entries = sent.reduce((sum, count) => sum + count, 0);
    return {
      entries,
      wallSeconds,
      ...costs(
        ended.map(({ usage }) => usage),
        received,
      ),
      wireBytes: ended.reduce((sum, { shipped }) => sum + shipped.wireBytes, 0),
      storedBytes: await verifyArchive(dataDir, entries, signal),
      losses: await checkEntries(archived(dataDir), sent),
    };
  },
};

async function* archived(dataDir: string): AsyncGenerator<Buffer> {
  for (const segment of await listSegments(dataDir))
    for await (const { read } of readBlocks(dataDir, segment)) yield await read();
}
