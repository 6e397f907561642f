/** What every process answers to whoever watches it: figures for Prometheus, and two probes. */
import { EXPOSITION_TYPE, exposition, type BoundGroup } from '../exposition.ts';
import type { Live } from '../live.ts';
import { RECENT_SECONDS } from '../recent_seconds.ts';
import { metricsPage, wantsPage } from './metrics_page.ts';
import { sendJson, type MonitorRoute } from './monitor_server.ts';

export interface MonitorSubject {
  readonly groups: readonly BoundGroup[];
  /** Why it does not do its work at the moment, if so. */
  readonly troubleOf: () => string | undefined;
  /** Called before figures are read, for those that have to be looked up; waited for. */
  readonly refresh?: () => Promise<void>;
}

/** `/metrics`, `/healthz`, `/readyz`. A browser that asks for metrics is shown to `pageUrl`, where there is a page. */
export const monitorRoutes = (subject: MonitorSubject, pageUrl?: string): readonly MonitorRoute[] => [
  {
    method: 'GET',
    path: '/metrics',
    async handle(request, response) {
      const isPage = wantsPage(request.headers.accept);
      response.setHeader('vary', 'accept');
      if (isPage && pageUrl !== undefined) {
        response.writeHead(302, { location: pageUrl }).end();
        return;
      }
      await subject.refresh?.();
      const text = exposition(subject.groups);
      if (isPage) {
        const { html, headers } = metricsPage(text);
        response.writeHead(200, headers).end(html);
      } else response.writeHead(200, { 'content-type': EXPOSITION_TYPE }).end(text);
    },
  },
  {
    method: 'GET',
    path: '/healthz',
    isOpen: true,
    handle: (_request, response) => sendJson(response, 200, { status: 'ok' }),
  },
  {
    method: 'GET',
    path: '/readyz',
    isOpen: true,
    handle(_request, response) {
      const reason = subject.troubleOf();
      if (reason === undefined) sendJson(response, 200, { status: 'ok' });
      else sendJson(response, 503, { status: 'unavailable', reason });
    },
  },
];

/**
 * `/live`: the receiver at this moment, and its last seconds: `?seconds=`, 60 if nobody says, at most an hour. `refresh` is
 * waited for before.
 */
export const liveRoute = (live: Live, refresh?: () => Promise<void>): MonitorRoute => ({
  method: 'GET',
  path: '/live',
  async handle(_request, response, query) {
    const asked = query.get('seconds') ?? '60';
    const seconds = /^\d{1,9}$/.test(asked) ? Number(asked) : -1;
    if (seconds < 0 || seconds > RECENT_SECONDS) {
      sendJson(response, 400, { error: `seconds must be 0 to ${RECENT_SECONDS}` });
      return;
    }
    await refresh?.();
    sendJson(response, 200, { figures: live.figures, history: live.history(seconds) });
  },
});
