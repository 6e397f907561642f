import { VERSION } from '../../base/version.ts';
import type { ProcessFigures } from '../process_figures.ts';
import type { MetricGroup } from './metric.ts';

/** The process itself, whichever it is. */
export const PROCESS_GROUP: MetricGroup<ProcessFigures> = {
  title: 'Process',
  shownBy: 'each of them',
  metrics: [
    {
      name: 'logferry_build_info',
      type: 'gauge',
      labels: ['version', 'node'],
      help: '1, with the versions of Logferry and Node.js.',
      read: () => [{ labels: { version: VERSION, node: process.versions.node }, value: 1 }],
    },
    {
      name: 'logferry_process_start_time_seconds',
      type: 'gauge',
      help: 'When the process was started, in seconds since 1970.',
      read: ({ reading }) => reading.startedAtMs / 1000,
    },
    {
      name: 'logferry_process_cpu_seconds_total',
      type: 'counter',
      help: 'CPU time of all threads.',
      read: ({ reading }) => reading.cpuSeconds,
    },
    {
      name: 'logferry_process_resident_bytes',
      type: 'gauge',
      help: 'Memory the process has.',
      read: ({ reading }) => reading.residentBytes,
    },
    {
      name: 'logferry_process_heap_bytes',
      type: 'gauge',
      help: 'Of it, what JavaScript uses in the main thread.',
      read: ({ reading }) => reading.heapBytes,
    },
    {
      name: 'logferry_process_external_bytes',
      type: 'gauge',
      help: 'Of it, buffers outside of that.',
      read: ({ reading }) => reading.externalBytes,
    },
    {
      name: 'logferry_event_loop_busy_seconds_total',
      type: 'counter',
      help: 'Time in which the main thread had something to do.',
      read: ({ reading }) => reading.loopBusySeconds,
    },
    {
      name: 'logferry_event_loop_delay_seconds',
      type: 'gauge',
      help: 'How long the main thread was held up, at worst, in the last minute.',
      read: ({ reading }) => reading.loopDelaySeconds,
    },
  ],
};
