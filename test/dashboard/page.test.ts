/** The page as people have it, in a browser: what it shows, and what it must not do. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Receiver } from '../../src/receiver/receiver.ts';
import { chromiumPath, openBrowser, PHONE, watchedPage, type WatchedPage } from '../helpers/browsers.ts';
import { startDashboard, type TestDashboard } from '../helpers/dashboards.ts';
import { quietPort } from '../helpers/quiet_port.ts';
import { testReceiver } from '../helpers/receivers.ts';
import { neverStop, pacedSource, linesSource, testShipper } from '../helpers/shippers.ts';
import { temporaryFolder, type TemporaryFolder } from '../helpers/temp_folder.ts';
import { until } from '../helpers/until.ts';

const chromium = chromiumPath();

const BIDI = '\u202egpj.exe';
const HOSTILE_MESSAGE = `<img src=x onerror="window.ran=1"><script>window.ran=1</script>\u001b[31mred ${BIDI}`;

/** What is there once a view is filled. */
const CONTENTS = { overview: '.tile', tail: '.entry', search: '.filters', configuration: '.filters' };

const entry = (members: object): string =>
  JSON.stringify({
    time: new Date().toISOString(),
    level: 'INFO',
    service: 'web',
    message: 'served',
    ...members,
  });

describe.skipIf(chromium === undefined)('the page', () => {
  let folder: TemporaryFolder;
  let receiver: Receiver;
  let dashboard: TestDashboard;
  let browser: Browser;
  let watched: WatchedPage;

  /** The same again after a restart. */
  let ports: readonly [receiver: number, dashboard: number];
  const begin = async (): Promise<void> => {
    receiver = await testReceiver(folder.in('data'), { port: ports[0] });
    dashboard = await startDashboard({ receiver, folder: folder.in('data'), port: ports[1] });
  };
  const end = async (): Promise<void> => {
    await dashboard[Symbol.asyncDispose]();
    await receiver[Symbol.asyncDispose]();
  };
  const ship = async (lines: readonly string[]): Promise<void> => {
    const source = linesSource(lines, lines.length);
    await testShipper({ port: receiver.port, source, stateFolder: folder.in('state') }).run(neverStop());
  };
  const open = (view: string): Promise<unknown> => watched.page.goto(`${dashboard.url}/#${view}`);
  const textOf = (selector: string): Promise<string> => watched.page.locator(selector).innerText();

  beforeAll(async () => {
    folder = await temporaryFolder();
    browser = await openBrowser(chromium ?? '');
    ports = [await quietPort(), await quietPort()];
    await begin();
    watched = await watchedPage(browser);
  });
  afterAll(async () => {
    expect(watched.wrongs).toEqual([]);
    await watched[Symbol.asyncDispose]();
    await browser.close();
    await end();
    await folder[Symbol.asyncDispose]();
  });

  test('figures move while a shipper runs, and levels, services and the shipper are shown', async () => {
    const stop = new AbortController();
    const failed = { level: 'ERROR', message: 'failed' };
    const lines = Array.from({ length: 5000 }, (_, n) =>
      entry({ ...(n % 10 === 0 ? failed : {}), tags: ['checkout'] }),
    );
    const pace = (): Promise<void> =>
      new Promise((resolve) => (stop.signal.aborted ? resolve() : setTimeout(resolve, 2)));
    const source = pacedSource(lines, pace);
    const dial = { shipperId: 'shop-1' };
    const running = testShipper({ port: receiver.port, source, stateFolder: folder.in('shop'), dial }).run(
      stop.signal,
    );
    try {
      await open('overview');
      const stored = async (): Promise<number> =>
        Number(/([\d,]+) since/.exec(await textOf('.tile:first-child .beside'))?.[1]?.replaceAll(',', ''));
      await watched.page.locator('.tile').first().waitFor();
      const first = await stored();
      await until('the figures move', async () => (await stored()) > first);
      await until('a rate', async () => Number(await textOf('.tile:first-child .value')) > 0);
      await until('levels', async () => (await textOf('#levels-legend')).includes('ERROR'));
      expect(await textOf('#tags-legend')).toContain('checkout');
      expect(await textOf('#services')).toContain('web');
      expect(await textOf('#shippers')).toContain('shop-1');
      expect(await textOf('#health')).toBe('Healthy');
      expect(await watched.page.locator('#rate-chart canvas').count()).toBe(1);
    } finally {
      stop.abort();
      await running;
    }
  });

  test('the tail takes filters of level, service, tag and text, and a pause', async () => {
    await open('tail');
    const rows = watched.page.locator('#tail-list .entry');
    await rows.first().waitFor();
    const wanted = entry({ level: 'WARN', service: 'pay', tags: ['auth'], message: 'Card refused' });
    const filters = [
      ['level', 'WARN+'],
      ['service', 'pay'],
      ['tag', 'auth'],
      ['text', 'card REFUSED'],
    ] as const;
    for (const [name, value] of filters) {
      const field = watched.page.locator(`#tail-filter [name=${name}]`);
      if (name === 'level') await field.selectOption(value);
      else await field.fill(value);
      await until(
        `nothing but what ${name} lets through`,
        async () => !(await textOf('#tail')).includes('served'),
      );
      await ship([entry({ message: 'served otherwise' }), wanted]);
      await until('what is wanted', async () => (await textOf('#tail-list')).includes('Card refused'));
      expect(await textOf('#tail-list')).not.toContain('served');
      if (name === 'level') await field.selectOption('');
      else await field.fill('');
    }
    await until('all of it again', async () => (await textOf('#tail-list')).includes('served otherwise'));
    await watched.page.click('#pause');
    const before = await rows.count();
    await ship([entry({ message: 'while paused' })]);
    await until('it is counted', async () => (await textOf('#tail-state')).includes('1 came since'));
    expect(await rows.count()).toBe(before);
    await watched.page.click('#pause');
    await until('it is shown', async () => (await textOf('#tail-list')).includes('while paused'));
  });

  test('a hostile entry is text, in the row and in its detail', async () => {
    const long = 'x'.repeat(200_000);
    await ship([
      entry({ level: '<b>BAD</b>', service: BIDI, message: HOSTILE_MESSAGE, long, [`<i>${BIDI}`]: '\u0000' }),
    ]);
    await open('tail');
    const row = watched.page.locator('.entry', { hasText: 'onerror' }).first();
    await row.waitFor();
    const text = await row.innerText();
    expect(text).toContain('<script>window.ran=1</script>');
    expect(text).toContain('\\x1b[31mred');
    expect(text).toContain('\\u202e');
    expect(text).not.toContain('\u202e');
    await watched.page.click('#pause');
    await row.click();
    const detail = watched.page.locator('#detail-body');
    await detail.locator('.more').first().waitFor();
    expect(await detail.innerText()).toContain('<i>\\u202egpj.exe');
    expect((await detail.innerText()).length).toBeLessThan(20_000);
    await detail.locator('.more').first().click();
    expect((await detail.innerText()).length).toBeGreaterThan(100_000);
    expect(await watched.page.locator('#tail-list img, #detail img, #detail script, #detail i').count()).toBe(
      0,
    );
    expect(await watched.page.evaluate('window.ran')).toBeUndefined();
    await watched.page.click('#detail-close');
    await watched.page.click('#pause');
  });

  test('search finds in the archive, and says where there is nothing', async () => {
    await ship([
      entry({ service: 'billing', message: 'invoice [42] sent' }),
      entry({ message: 'invoice [43] sent' }),
    ]);
    await open('search');
    await watched.page.fill('#search-form [name=text]', 'INVOICE [4');
    await watched.page.click('#search-form [type=submit]');
    await until('both are found', async () => (await textOf('#search-state')).startsWith('2 entries'));
    await watched.page.fill('#search-form [name=service]', 'bill*');
    await watched.page.press('#search-form [name=service]', 'Enter');
    await until('one is found', async () => (await textOf('#search-state')).startsWith('1 entry'));
    expect(await textOf('#search-list')).toContain('invoice [42] sent');
    await watched.page.fill('#search-form [name=text]', 'no such thing');
    await watched.page.click('#search-form [type=submit]');
    await until('none is', async () => (await textOf('#search-state')).startsWith('Nothing found'));
    await watched.page.selectOption('#search-form [name=range]', '');
    await watched.page.fill('#search-form [name=since]', '2026-01-02T00:00:00');
    await watched.page.fill('#search-form [name=until]', '2026-01-01T00:00:00');
    await watched.page.click('#search-form [type=submit]');
    await until('why not', async () => (await textOf('#search-state')).includes('is not after'));
  });

  test('keys are enough: to a view, through the rows, into an entry and back', async () => {
    const { page } = watched;
    await page.goto('about:blank');
    await page.goto(dashboard.url);
    await page.locator('.tile').first().waitFor();
    const focused = (): Promise<string> => page.evaluate('document.activeElement.textContent.trim()');
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('Skip to content');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('Live tail');
    await page.keyboard.press('Enter');
    await page.locator('#tail-list .entry').nth(1).waitFor();
    await page.focus('#clear');
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.className')).toBe('entry');
    await page.keyboard.press('ArrowDown');
    const second = await focused();
    await page.keyboard.press('Enter');
    await page.locator('#detail .raw').waitFor();
    await page.keyboard.press('Escape');
    expect(await page.locator('#detail').isVisible()).toBe(false);
    expect(await focused()).toBe(second);
  });

  test('every view fits a phone', async () => {
    await using phone = await watchedPage(browser, PHONE);
    const { page } = phone;
    await page.goto(dashboard.url);
    for (const [view, content] of Object.entries(CONTENTS)) {
      await page.click(`#tabs a[href="#${view}"]`);
      await page.locator(`#${view} ${content}`).first().waitFor();
      const width = await page.evaluate('document.documentElement.scrollWidth');
      expect([view, width]).toEqual([view, PHONE.width]);
    }
    expect(phone.wrongs).toEqual([]);
  });

  test('it outlives a restart of the receiver, and says what it is waiting for', async () => {
    await open('overview');
    await watched.page.locator('.tile').first().waitFor();
    await end();
    await until('the banner', async () =>
      (await textOf('#banner')).includes('connection to the receiver is lost'),
    );
    await begin();
    await ship([entry({ message: 'after the restart' })]);
    await until('the banner goes', async () => !(await watched.page.locator('#banner').isVisible()));
    await until('new figures', async () => (await textOf('.tile:first-child .beside')).startsWith('1 since'));
    await watched.page.click('#tabs a[href="#tail"]');
    await until('new entries', async () => (await textOf('#tail-list')).includes('after the restart'));
  });

  test('without an archive there is neither tail nor search', async () => {
    await using bare = await startDashboard({});
    await using visitor = await watchedPage(browser);
    const { page } = visitor;
    await page.goto(`${bare.url}/#search`);
    await page.locator('.tile').first().waitFor();
    expect(await page.locator('#tabs').innerText()).toMatch(/^Overview\s+Configuration$/);
    expect(await page.locator('#search').isVisible()).toBe(false);
    expect(visitor.wrongs).toEqual([]);
  });

  test('a wrong token stays out, the right one gets a session that no script can read', async () => {
    const token = 'correct-horse-battery';
    await using closed = await startDashboard({ folder: folder.in('data'), token });
    await using visitor = await watchedPage(browser);
    const { page } = visitor;
    await page.goto(closed.url);
    await page.fill('#token', 'wrong');
    await page.keyboard.press('Enter');
    await until('it is refused', async () =>
      (await page.innerText('#login-problem')).includes('not the token'),
    );
    expect(await page.locator('#overview').isVisible()).toBe(false);
    await page.fill('#token', token);
    await page.keyboard.press('Enter');
    await page.locator('.tile').first().waitFor();
    const [cookie] = await page.context().cookies();
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict' });
    expect(JSON.stringify([cookie, page.url(), await page.evaluate('document.cookie')])).not.toContain(token);
    await page.click('#logout');
    await page.locator('#token').waitFor();
    expect(visitor.wrongs).toEqual([]);
  });
});
