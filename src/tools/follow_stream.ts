/** `follow --from jetstream`: a worker, which writes the streams of NATS JetStream out. */
import type { Logger } from '../base/logger.ts';
import type { Settings } from '../config/options.ts';
import { connectNats } from '../jetstream/connection.ts';
import { prepareStreams } from '../jetstream/streams.ts';
import { WorkGroup, forgetGroup } from '../jetstream/work_group.ts';
import { Worker } from '../jetstream/worker.ts';
import { workerOf } from '../jetstream/worker_identity.ts';
import { openWorkerMonitor } from './monitor/worker_monitor.ts';
import { natsOptions, streamSettings } from './nats_settings.ts';
import { openTarget, type TargetWishes } from './work/open_target.ts';
import { WorkLog } from './work/work_log.ts';

export interface FollowStreamWishes {
  /** `archive`, or the name of an output. */
  readonly output: string;
  readonly target: TargetWishes;
  /** Workers of one group share the work. */
  readonly group: string;
  /** A worker whose disk is lost: this one takes its name, and what was left to it. */
  readonly abandoned?: string | undefined;
  /** End when all that is there at the start is written out. */
  readonly isOnce: boolean;
}

/**
 * Writes until the signal aborts, or, where wished, until all is written out; what is reserved by then is finished and the
 * partitions are handed over. Rejects where NATS can't be had at the start, or the target is another's.
 */
export async function followStream(
  settings: Settings,
  { output, target: wishes, group, abandoned, isOnce }: FollowStreamWishes,
  signal: AbortSignal,
  log: Logger,
): Promise<void> {
  const worker = await workerOf(settings.DATA_DIR, { output, group, adopted: abandoned });
  const names = streamSettings(settings);
  await using nats = await connectNats(natsOptions(settings, `worker ${worker}`));
  const bucket = await prepareStreams(nats, names);
  const report = new WorkLog(log);
  await using opened = await openTarget(
    wishes,
    { worker, group },
    { report, log, stream: names.stream, signal },
  );
  const working = new Worker({
    ...{ nats, bucket, names, worker, report, signal, isOnce },
    group: new WorkGroup(bucket, group),
    target: opened.target,
    leaseMs: settings.NATS_WORKER_LEASE * 1000,
    keepMs: settings.NATS_DUPLICATE_WINDOW * 1000,
  });
  await using watched = new AsyncDisposableStack();
  if (!isOnce) watched.use(await openWorkerMonitor(settings, { working, report, nats, names }, log));
  log.info(
    { worker, group, stream: names.stream, output },
    `following ${names.stream} into ${opened.place} as ${worker} of the group ${group}`,
  );
  await working.run();
  const { entries } = report.counts;
  log.info({ worker, entries }, `${entries} entries were written to ${opened.place}`);
}

/** Forgets a group of workers that will not come back: the streams keep nothing for it any more. Throws where there is none. */
export async function forgetWorkers(settings: Settings, group: string): Promise<void> {
  await using nats = await connectNats(natsOptions(settings, 'follow --forget'));
  const bucket = await prepareStreams(nats, streamSettings(settings));
  if (!(await forgetGroup(bucket, group)))
    throw new Error(`no group of workers ${group} is known in ${settings.NATS_STREAM}`);
}
