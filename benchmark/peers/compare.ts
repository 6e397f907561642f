/** Peers at the same work, taking turns; those whose programs this machine does not have are rows that say so. */
import { interleave } from '../interleave.ts';
import { spreadBy, type Spread } from '../statistics.ts';
import type { Context } from '../workload.ts';
import type { Losses } from './losses.ts';
import type { Peer, Round } from './peer.ts';
import { findProgram, needs, type Program } from './programs.ts';

export interface MeasuredRow {
  readonly alternative: string;
  /** Name and version of what was run; null for Logferry itself. */
  readonly program: string | null;
  readonly stores: string;
  readonly guarantee: string;
  readonly entriesPerSecond: Spread;
  readonly cpuSecondsPerMillion: {
    readonly shipper: Spread;
    readonly receiver: Spread;
    readonly both: Spread;
  };
  readonly peakBytes: { readonly shipper: Spread; readonly receiver: Spread };
  readonly bytesPerEntry: { readonly wire: Spread | null; readonly stored: Spread };
  /** Of all rounds together. */
  readonly losses: Losses;
  readonly rounds: readonly Round[];
}

export interface SkippedRow {
  readonly alternative: string;
  readonly skipped: string;
}

export type Row = MeasuredRow | SkippedRow;

/** The rows stand in the order of `peers`. */
export async function compare<Work>(
  peers: readonly Peer<Work>[],
  work: Work,
  rounds: number,
  { isWanted, progress, signal }: Context,
  find = findProgram,
): Promise<Row[]> {
  const wanted = peers.filter(({ name }) => isWanted(name));
  const programs = new Map<Peer<Work>, Program>();
  for (const peer of wanted) {
    const program = peer.needs === undefined ? undefined : await find(peer.needs);
    if (program !== undefined) programs.set(peer, program);
  }
  const isThere = (peer: Peer<Work>): boolean => peer.needs === undefined || programs.has(peer);
  const measured = await interleave(wanted.filter(isThere), rounds, (peer, round) => {
    signal.throwIfAborted();
    progress(`peers: round ${round} of ${rounds}, ${peer.name}`);
    return peer.measure(work, programs.get(peer)?.path ?? '', signal);
  });
  return wanted.map((peer) => {
    const samples = measured.find(({ alternative }) => alternative === peer)?.samples;
    if (samples !== undefined) return rowOf(peer, programs.get(peer)?.title ?? null, samples);
    return { alternative: peer.name, skipped: peer.needs === undefined ? '' : needs(peer.needs) };
  });
}

function rowOf(
  { name, stores, guarantee }: Peer<never>,
  program: string | null,
  rounds: readonly Round[],
): MeasuredRow {
  const perEntry = (of: (round: Round) => number): Spread =>
    spreadBy(rounds, (round) => of(round) / round.entries);
  const perMillion = (of: (round: Round) => number): Spread => perEntry((round) => of(round) * 1e6);
  const total = (of: keyof Losses): number => rounds.reduce((sum, { losses }) => sum + losses[of], 0);
  const isWireKnown = rounds.every(({ wireBytes }) => wireBytes !== null);
  return {
    alternative: name,
    program,
    stores,
    guarantee,
    entriesPerSecond: spreadBy(rounds, ({ entries, wallSeconds }) => entries / wallSeconds),
    cpuSecondsPerMillion: {
      shipper: perMillion(({ shipperCpuSeconds }) => shipperCpuSeconds),
      receiver: perMillion(({ receiverCpuSeconds }) => receiverCpuSeconds),
      both: perMillion(({ shipperCpuSeconds, receiverCpuSeconds }) => shipperCpuSeconds + receiverCpuSeconds),
    },
    peakBytes: {
      shipper: spreadBy(rounds, ({ shipperPeakBytes }) => shipperPeakBytes),
      receiver: spreadBy(rounds, ({ receiverPeakBytes }) => receiverPeakBytes),
    },
    bytesPerEntry: {
      wire: isWireKnown ? perEntry(({ wireBytes }) => wireBytes ?? 0) : null,
      stored: perEntry(({ storedBytes }) => storedBytes),
    },
    losses: { lost: total('lost'), repeated: total('repeated'), damaged: total('damaged') },
    rounds,
  };
}
