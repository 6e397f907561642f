/**
 * `peers`: the same work done by Logferry and by others, each as its own project advises, each as real processes on this
 * machine. First a file from a shipper to a receiver; then entries that clients make up as fast as they can. What arrived is
 * compared with what was sent, line by line, after every round. How the others are set up: benchmark/peers/README.md
 */
import { join } from 'node:path';
import { ensureBuilt } from '../fresh_build.ts';
import { writeLogFile } from '../log_lines.ts';
import { compare, type Row } from '../peers/compare.ts';
import { ENTRY_PEERS } from '../peers/entry_peers.ts';
import { FILE_PEERS } from '../peers/file_peers.ts';
import { reportOf } from '../peers/report.ts';
import { scratchFolder } from '../scratch_folder.ts';
import { figure } from '../statistics.ts';
import type { Context, Workload } from '../workload.ts';

const CLIENTS = 2;

export const peers: Workload<'rounds' | 'entries' | 'seconds' | 'seed'> = {
  name: 'peers',
  summary: 'the same work by rsyslog, syslog-ng, a Go ingestor and a Python pair: speed, CPU, bytes, losses',
  settings: {
    rounds: { default: 3, modest: 1, help: 'times each is measured' },
    entries: { default: 1_000_000, modest: 100_000, help: 'JSON lines of about 213 bytes in the file' },
    seconds: { default: 10, modest: 1, help: 'that clients make up entries for' },
    seed: { default: 1, modest: 1, help: 'of lines and entries' },
  },
  alternatives: [...FILE_PEERS, ...ENTRY_PEERS].map(({ name }) => name),
  async run({ rounds, entries, seconds, seed }, context) {
    await ensureBuilt(context);
    const file = await compareAtFile(entries, seed, rounds, context);
    const made = await compare(ENTRY_PEERS, { clients: CLIENTS, seconds, seed }, rounds, context);
    const title = `${CLIENTS} clients that make up entries for ${seconds} s; ${medians(rounds)}`;
    const texts = [
      ...(file.rows.length === 0 ? [] : [reportOf(file.title, file.rows)]),
      ...(made.length === 0 ? [] : [reportOf(title, made)]),
    ];
    const rows = [
      ...file.rows.map((row) => ({ work: 'file', ...row })),
      ...made.map((row) => ({ work: 'entries', ...row })),
    ];
    return { text: texts.join('\n'), results: { rows } };
  },
};

async function compareAtFile(
  entries: number,
  seed: number,
  rounds: number,
  context: Context,
): Promise<{ readonly title: string; readonly rows: readonly Row[] }> {
  if (!FILE_PEERS.some(({ name }) => context.isWanted(name))) return { title: '', rows: [] };
  await using scratch = await scratchFolder();
  const path = join(scratch.path, 'logs.jsonl');
  const bytes = await writeLogFile(path, entries, seed, context.signal);
  const rows = await compare(FILE_PEERS, { path, bytes, entries }, rounds, context);
  const megabytes = figure(bytes / 1e6);
  return { title: `A file of ${entries} entries, ${megabytes} MB; ${medians(rounds)}`, rows };
}

const medians = (rounds: number): string => `medians of ${rounds} (min..max)`;
