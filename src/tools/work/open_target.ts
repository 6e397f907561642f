/** What a worker writes to: an archive of its own, or an output. */
import { Archive, type ArchiveOptions, type ArchiveReport } from '../../archive/archive.ts';
import type { Logger } from '../../base/logger.ts';
import type { WorkReport } from '../../jetstream/work_report.ts';
import type { WorkTarget } from '../../jetstream/work_target.ts';
import { ArchiveTarget } from '../../jetstream/archive_target.ts';
import { claimOutput } from '../../outputs/claim.ts';
import { planOutput, type OutputName, type OutputSettings } from '../../outputs/plans.ts';
import { StreamTarget } from '../../outputs/stream_target.ts';
import { markMoved } from '../move/moved_mark.ts';

/** What to open, in the folder of a worker. */
export type TargetWishes = ArchiveWishes | { readonly output: OutputName; readonly settings: OutputSettings };

export interface ArchiveWishes {
  readonly archive: ArchiveOptions;
  /** For blocks of the other format. */
  readonly level: number;
  /** What follows the archive, each in a thread of its own. */
  readonly outputs: readonly OutputName[];
  readonly settings: OutputSettings;
}

export interface OpenTarget extends AsyncDisposable {
  readonly target: WorkTarget;
  /** What is written, for people. */
  readonly place: string;
}

/** What fails, or works, for the report. */
const THE_ARCHIVE = 'writing the archive';
const THE_DISK = 'the disk of the archive';

export interface WorkerName {
  readonly worker: string;
  readonly group: string;
}

export interface TargetRun {
  readonly report: WorkReport;
  readonly log: Logger;
  /** What is written out: an archive is marked with it, so that no receiver is begun there. */
  readonly stream: string;
  /** The end. A disk that takes nothing is tried once more then, and what it does not take is rejected. */
  readonly signal: AbortSignal;
}

/** Opens it. Rejects where another process has it, or another worker wrote it. */
export async function openTarget(
  wishes: TargetWishes,
  name: WorkerName,
  running: TargetRun,
): Promise<OpenTarget> {
  return 'archive' in wishes
    ? openArchive(wishes, running)
    : openOutput(wishes.output, wishes.settings, name, running.log);
}

async function openArchive(
  { archive: options, level, outputs, settings }: ArchiveWishes,
  { report, log, stream, signal }: TargetRun,
): Promise<OpenTarget> {
  await using held = new AsyncDisposableStack();
  const archive: Archive = await Archive.open({
    ...options,
    report: reportOf({ report, log }, () => {
      if (signal.aborted) giveUp();
    }),
  });
  held.use(archive);
  const giveUp = (): void => void archive[Symbol.asyncDispose]().catch(() => undefined);
  signal.addEventListener('abort', () => archive.trouble !== undefined && giveUp(), { once: true });
  const { format, folder: place } = options;
  await markMoved(place, stream);
  const target = new ArchiveTarget({ archive, format, level, refused: report.refused.bind(report) });
  const followers = await followersOf(outputs, settings, log);
  held.move();
  return {
    target,
    place,
    async [Symbol.asyncDispose]() {
      await target[Symbol.asyncDispose]();
      await followers?.[Symbol.asyncDispose]();
    },
  };
}

/** `onTrouble` is called when the disk has refused something. */
function reportOf({ report, log }: Pick<TargetRun, 'report' | 'log'>, onTrouble: () => void): ArchiveReport {
  return {
    found: (finding) => log.warn(finding),
    deleted: ({ name, bytes }) => log.info({ segment: name, bytes }, `retention deleted ${name}`),
    troubled(error) {
      report.fails(THE_ARCHIVE, error);
      onTrouble();
    },
    recovered: () => report.works(THE_ARCHIVE),
    stalled: (stall) => (stall === undefined ? report.works(THE_DISK) : report.fails(THE_DISK, stall)),
  };
}

async function followersOf(outputs: readonly OutputName[], settings: OutputSettings, log: Logger) {
  if (outputs.length === 0) return undefined;
  const { startFollowers } = await import('../../outputs/followers.ts');
  return startFollowers(outputs, settings, log);
}

async function openOutput(
  output: OutputName,
  settings: OutputSettings,
  name: WorkerName,
  log: Logger,
): Promise<OpenTarget> {
  const { folder } = settings;
  const plan = planOutput(output, settings);
  await using held = new AsyncDisposableStack();
  held.use(await claimOutput(folder, plan));
  const found = (finding: string): void => log.warn(finding);
  const target = held.use(await StreamTarget.open({ ...name, folder, plan, found }));
  const open = held.move();
  return { target, place: plan.file, [Symbol.asyncDispose]: () => open[Symbol.asyncDispose]() };
}
