import { startReceiver, type Receiver, type ReceiverOptions } from '../../src/receiver/receiver.ts';
import { listSegments } from '../../src/archive/segment_name.ts';
import { readBlocks } from '../../src/archive/block_reader.ts';
import type { BlockHeader } from '../../src/archive/block.ts';
import { verify } from '../../src/tools/verify.ts';
import { silentLog } from './logs.ts';

export interface ReceiverWishes {
  readonly limits?: Partial<ReceiverOptions['limits']>;
  readonly archive?: Partial<ReceiverOptions['archive']>;
  readonly maxConnections?: number;
  readonly maxConnectionsPerAddress?: number;
  readonly port?: number;
  readonly log?: ReceiverOptions['log'];
  readonly access?: ReceiverOptions['access'];
  readonly tls?: NonNullable<ReceiverOptions['tcp']>['tls'];
  readonly http?: ReceiverOptions['http'];
  readonly thrift?: ReceiverOptions['thrift'];
  readonly openSharedLog?: ReceiverOptions['openSharedLog'];
}

/** A receiver on a free port of this machine, its archive in `folder`; small limits, so that tests reach them. */
export function testReceiver(folder: string, wishes: ReceiverWishes = {}): Promise<Receiver> {
  const { limits, archive, maxConnections = 1000, maxConnectionsPerAddress = maxConnections } = wishes;
  const { port = 0, log = silentLog, access, tls, http, thrift, openSharedLog } = wishes;
  return startReceiver({
    tcp: {
      host: '127.0.0.1',
      port,
      maxConnections,
      maxConnectionsPerAddress,
      ...(tls === undefined ? {} : { tls }),
    },
    ...(access === undefined ? {} : { access }),
    ...(http === undefined ? {} : { http }),
    ...(thrift === undefined ? {} : { thrift }),
    ...(openSharedLog === undefined ? {} : { openSharedLog }),
    limits: {
      maxFrameBytes: 256 * 1024,
      maxBatchBytes: 1024 * 1024,
      windowBytes: 1024 * 1024,
      idleTimeoutMs: 60_000,
      frameTimeoutMs: 60_000,
      maxEntryBytes: 1024 * 1024,
      maxDepth: 64,
      ...limits,
    },
    archive: { folder, format: 'gzip', segmentMaxBytes: 5 * 1024 * 1024, fsync: 'always', ...archive },
    archiveLevel: 1,
    log,
  });
}

/** The lines of the archive in `folder` in order: all, or those of one shipper (`@plain`: plain peers). */
export async function archivedLines(folder: string, shipperId?: string): Promise<string[]> {
  const lines: string[] = [];
  for (const segment of await listSegments(folder)) {
    for await (const { header, read } of readBlocks(folder, segment)) {
      if (shipperId !== undefined && header.shipperId !== shipperId) continue;
      lines.push(...(await read()).toString('utf8').split('\n').slice(0, -1));
    }
  }
  return lines;
}

/** The headers of a shipper's blocks, in order. */
export async function archivedHeaders(folder: string, shipperId: string): Promise<BlockHeader[]> {
  const headers: BlockHeader[] = [];
  for (const segment of await listSegments(folder)) {
    for await (const { header } of readBlocks(folder, segment))
      if (header.shipperId === shipperId) headers.push(header);
  }
  return headers;
}

/** What `verify` says of an archive. */
export async function verdictOn(folder: string): Promise<{ code: 0 | 1; report: string }> {
  let report = '';
  const code = await verify([folder], { write: (text) => (report += text) });
  return { code, report };
}
