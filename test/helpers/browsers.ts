/** Debian's Chromium, driven by Playwright: pages of ours, and everything that must not happen on them. */
import { spawnSync } from 'node:child_process';
import { chromium, type Browser, type Page, type ViewportSize } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

/** The browser's program; undefined where there is none: its tests are then skipped, and that is said. In CI it must be there. */
export function chromiumPath(): string | undefined {
  const path = NAMES.map((name) =>
    spawnSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).stdout.trim(),
  ).find((found) => found !== '');
  if (path === undefined && process.env.CI !== undefined)
    throw new Error('chromium is missing, and CI needs it');
  if (path === undefined)
    process.stderr.write('SKIPPED: chromium is missing, so the pages were not looked at\n');
  return path;
}

export const openBrowser = (executablePath: string): Promise<Browser> =>
  chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'] });

/** A page, and what went wrong on it: scripts that fell, broken policies, dialogs, requests to anywhere else. */
export interface WatchedPage extends AsyncDisposable {
  readonly page: Page;
  readonly wrongs: string[];
}

export const DESKTOP = { width: 1440, height: 900 };
export const PHONE = { width: 375, height: 800 };

/** A page of its own session. */
export async function watchedPage(browser: Browser, viewport: ViewportSize = DESKTOP): Promise<WatchedPage> {
  const context = await browser.newContext({ viewport });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  const wrongs: string[] = [];
  page.on('pageerror', (error) => wrongs.push(`a script fell: ${error.message}`));
  page.on('dialog', (dialog) => {
    wrongs.push(`a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => {
    if (new URL(request.url()).hostname !== '127.0.0.1') wrongs.push(`a request to ${request.url()}`);
  });
  page.on('console', (message) => {
    if (/security policy|trusted/i.test(message.text())) wrongs.push(`the policy: ${message.text()}`);
  });
  return { page, wrongs, [Symbol.asyncDispose]: () => context.close() };
}
