/** `COMMIT_LOG=jetstream`: what opens it, and what it can't go together with. */
import { ConfigError } from '../../../config/load.ts';
import type { Settings } from '../../../config/options.ts';
import type { OpenSharedLog } from '../../../receiver/open_log.ts';
import { natsOptions, needNats, streamSettings } from '../../../tools/nats_settings.ts';

/**
 * Opens the shared log where one is wanted; its code is loaded then. Throws ConfigError where options want an archive beside it,
 * MissingPackage where NATS' packages are not installed.
 */
export function sharedLogOf(settings: Settings): { readonly openSharedLog?: OpenSharedLog } {
  if (settings.COMMIT_LOG === 'archive') return {};
  const problems = problemsOf(settings);
  if (problems.length > 0) throw new ConfigError(problems);
  needNats('COMMIT_LOG=jetstream');
  const nats = natsOptions(settings, 'logferryd');
  const streams = streamSettings(settings);
  const openSharedLog: OpenSharedLog = async (report) => {
    const { JetStreamLog } = await import('../../../jetstream/jetstream_log.ts');
    return JetStreamLog.open({ nats, streams, format: settings.ARCHIVE_FORMAT, report });
  };
  return { openSharedLog };
}

function problemsOf({ OUTPUTS, HTTP_BUFFER_FALLBACK }: Settings): string[] {
  const problems: string[] = [];
  if (OUTPUTS.length > 0)
    problems.push(
      `OUTPUTS=${OUTPUTS.join(',')} follows an archive, which a receiver with COMMIT_LOG=jetstream has not: run follow --from jetstream --output ${OUTPUTS[0] ?? ''}`,
    );
  if (HTTP_BUFFER_FALLBACK === 'archive')
    problems.push(
      'HTTP_BUFFER_FALLBACK=archive wants an archive, which a receiver with COMMIT_LOG=jetstream has not: leave it at none',
    );
  return problems;
}
