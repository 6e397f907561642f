/** What a worker writes to: an archive of its own, or an output. */
import { Archive, type ArchiveOptions } from '../../archive/archive.ts';
import type { Logger } from '../../base/logger.ts';
import type { WorkReport } from '../../jetstream/work_report.ts';
import type { WorkTarget } from '../../jetstream/work_target.ts';
import { ArchiveTarget } from '../../jetstream/archive_target.ts';
import { claimOutput } from '../../outputs/claim.ts';
import { planOutput, type OutputName, type OutputSettings } from '../../outputs/plans.ts';
import { StreamTarget } from '../../outputs/stream_target.ts';

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

export interface WorkerName {
  readonly worker: string;
  readonly group: string;
}

/** Opens it. Rejects where another process has it, or another worker wrote it. */
export async function openTarget(
  wishes: TargetWishes,
  name: WorkerName,
  report: WorkReport,
  log: Logger,
): Promise<OpenTarget> {
  return 'archive' in wishes
    ? openArchive(wishes, report, log)
    : openOutput(wishes.output, wishes.settings, name, log);
}

async function openArchive(
  { archive: options, level, outputs, settings }: ArchiveWishes,
  report: WorkReport,
  log: Logger,
): Promise<OpenTarget> {
  const archive = await Archive.open({
    ...options,
    report: {
      found: (finding) => log.warn(finding),
      deleted: ({ name, bytes }) => log.info({ segment: name, bytes }, `retention deleted ${name}`),
      troubled: (error) => log.error(`the archive can't be written, and is tried again: ${error.message}`),
      recovered: () => log.info('the archive is written again'),
    },
  });
  const { format, folder: place } = options;
  const target = new ArchiveTarget({ archive, format, level, refused: report.refused.bind(report) });
  const followers = await followersOf(outputs, settings, log);
  return {
    target,
    place,
    async [Symbol.asyncDispose]() {
      await target[Symbol.asyncDispose]();
      await followers?.[Symbol.asyncDispose]();
    },
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
