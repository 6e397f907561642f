import type { ArchiveFigures, FollowerFigures } from '../archive_figures.ts';
import type { MetricGroup, Sample } from './metric.ts';

const ofFollowers = (
  { followers }: Pick<ArchiveFigures, 'followers'>,
  value: (follower: FollowerFigures) => number,
): readonly Sample[] =>
  followers.map((follower) => ({ labels: { follower: follower.name }, value: value(follower) }));

/** The folder of the archive, looked at every few seconds. */
export const ARCHIVE_GROUP: MetricGroup<ArchiveFigures> = {
  title: 'Archive',
  shownBy: '`serve`, and `http` where it has an archive',
  metrics: [
    {
      name: 'logferry_archive_segments',
      type: 'gauge',
      help: 'Segments there are.',
      read: ({ segments }) => segments,
    },
    {
      name: 'logferry_archive_bytes',
      type: 'gauge',
      help: 'What all segments take.',
      read: ({ bytes }) => bytes,
    },
    {
      name: 'logferry_archive_max_bytes',
      type: 'gauge',
      help: 'RETENTION_MAX_BYTES; 0: no limit.',
      read: ({ maxBytes }) => maxBytes,
    },
    {
      name: 'logferry_disk_free_bytes',
      type: 'gauge',
      help: 'Free on the file system of the archive.',
      read: ({ freeBytes }) => freeBytes,
    },
    {
      name: 'logferry_disk_size_bytes',
      type: 'gauge',
      help: 'How large that file system is.',
      read: ({ diskBytes }) => diskBytes,
    },
  ],
};

/** Who follows the archive, and how far each is. */
export const FOLLOWER_GROUP: MetricGroup<Pick<ArchiveFigures, 'followers'>> = {
  title: 'Followers',
  shownBy: '`serve`, and `http` where it has an archive: of all outputs that follow it; `follow`: of its own',
  metrics: [
    {
      name: 'logferry_follower_entries_total',
      type: 'counter',
      labels: ['follower'],
      help: 'Entries written to its output.',
      read: (figures) => ofFollowers(figures, ({ entries }) => entries),
    },
    {
      name: 'logferry_follower_malformed_total',
      type: 'counter',
      labels: ['follower'],
      help: 'Lines that were no JSON, which it kept aside.',
      read: (figures) => ofFollowers(figures, ({ malformed }) => malformed),
    },
    {
      name: 'logferry_follower_lost_entries_total',
      type: 'counter',
      labels: ['follower'],
      help: 'Entries that retention deleted before it had read them.',
      read: (figures) => ofFollowers(figures, ({ lost }) => lost),
    },
    {
      name: 'logferry_follower_behind_bytes',
      type: 'gauge',
      labels: ['follower'],
      help: 'Of the archive, what it has still to read.',
      read: (figures) => ofFollowers(figures, ({ behindBytes }) => behindBytes),
    },
    {
      name: 'logferry_follower_saved_timestamp_seconds',
      type: 'gauge',
      labels: ['follower'],
      help: 'When it saved last, in seconds since 1970.',
      read: (figures) => ofFollowers(figures, ({ savedAtMs }) => savedAtMs / 1000),
    },
  ],
};
