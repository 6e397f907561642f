import type { HttpCounts } from '../http_counts.ts';
import type { MetricGroup } from './metric.ts';

/** What was asked by HTTP, and how long the answers took. */
export const HTTP_GROUP: MetricGroup<HttpCounts> = {
  title: 'HTTP',
  shownBy: '`serve` with `HTTP_ENABLED`, and `http`',
  metrics: [
    {
      name: 'logferry_http_events_total',
      type: 'counter',
      help: 'Events answered with 200.',
      read: (http) => http.events,
    },
    {
      name: 'logferry_http_requests_open',
      type: 'gauge',
      help: 'Requests that are not answered yet.',
      read: (http) => http.open,
    },
    {
      name: 'logferry_http_requests_total',
      type: 'counter',
      labels: ['route', 'status'],
      help: 'Requests by route and status; 499: who asked left before the answer.',
      read: (http) =>
        http.routes.flatMap(({ route, statuses }) =>
          [...statuses].map(([status, value]) => ({ labels: { route, status }, value })),
        ),
    },
    {
      name: 'logferry_http_request_seconds',
      type: 'histogram',
      labels: ['route'],
      help: 'From the head of a request to the end of its answer.',
      read: (http) => http.routes.map(({ route, taken }) => ({ labels: { route }, value: taken })),
    },
  ],
};
