import type { MetricGroup } from './metric.ts';

/** What a drainer has done since it was started. */
export interface DrainerReading {
  readonly entries: number;
  readonly files: number;
  readonly isTroubled: boolean;
}

/** What moves entries from Redis to the files of users. */
export const DRAINER_GROUP: MetricGroup<DrainerReading> = {
  title: 'Drainer',
  shownBy: '`drain`',
  metrics: [
    {
      name: 'logferry_drained_entries_total',
      type: 'counter',
      help: 'Entries moved from Redis to files of users.',
      read: ({ entries }) => entries,
    },
    {
      name: 'logferry_drained_files_total',
      type: 'counter',
      help: 'Files of users written to, each time.',
      read: ({ files }) => files,
    },
    {
      name: 'logferry_draining',
      type: 'gauge',
      help: '0 while Redis or the disk keep it from draining.',
      read: ({ isTroubled }) => (isTroubled ? 0 : 1),
    },
  ],
};
