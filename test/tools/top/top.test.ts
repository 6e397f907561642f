/** `top` in a real terminal, which test/peers/in_terminal.py makes. */
import { describe, expect, test } from 'vitest';
import { Ledger } from '../../../src/monitor/ledger.ts';
import { Live } from '../../../src/monitor/live.ts';
import { ProcessFigures } from '../../../src/monitor/process_figures.ts';
import { tokenGuard } from '../../../src/monitor/server/guard.ts';
import { liveRoute } from '../../../src/monitor/server/monitor_routes.ts';
import { startMonitorServer, type MonitorServer } from '../../../src/monitor/server/monitor_server.ts';
import { silentLog } from '../../helpers/logs.ts';
import { hasPython, startPython, type TestProcess } from '../../helpers/processes.ts';
import { Program } from '../../helpers/programs.ts';
import { until } from '../../helpers/until.ts';

const ENTER = '\x1b[?1049h';
const LEAVE = '\x1b[?25h\x1b[?1049l';

interface Watched extends AsyncDisposable {
  readonly url: string;
  readonly ledger: Ledger;
  down(): Promise<void>;
  up(): Promise<void>;
}

/** The monitor of a receiver that is made up, which can go away and come back. */
async function watched(): Promise<Watched> {
  const ledger = new Ledger();
  const process = new ProcessFigures();
  const live = new Live({ ledger, health: () => ({ state: 'ok' }), archive: () => undefined, process });
  const start = (port: number): Promise<MonitorServer> =>
    startMonitorServer({
      host: '127.0.0.1',
      port,
      routes: [liveRoute(live)],
      guard: tokenGuard('s3cret'),
      log: silentLog,
    });
  let server = await start(0);
  const { port, url } = server;
  return {
    url,
    ledger,
    async down() {
      await server[Symbol.asyncDispose]();
    },
    async up() {
      server = await start(port);
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      live[Symbol.dispose]();
      process[Symbol.dispose]();
    },
  };
}

const startTop = (url: string, columns: number, rows: number): TestProcess =>
  startPython('in_terminal.py', [
    ...[String(columns), String(rows), process.execPath, 'server_main.ts', 'top', url],
    ...['--metrics-token', 's3cret'],
  ]);

/** What was drawn last, line by line, without colours. */
const screenOf = ({ stdout }: TestProcess): string[] =>
  (stdout.split('\x1b[H').at(-1) ?? '').replaceAll(/\x1b\[[0-9;]*[mKJ]/g, '').split(/\r*\n/);

const shows = (terminal: TestProcess, what: string): Promise<void> =>
  until(`it shows ${what}`, () => screenOf(terminal).join('\n').includes(what), 30_000);

describe.skipIf(!hasPython())('in a terminal', () => {
  test('it moves, fits another size, survives a receiver that goes and comes back, and leaves all as it was', async () => {
    await using receiver = await watched();
    const { ledger, url } = receiver;
    ledger.shippers.stored({ shipperId: 'web\x1b[2J1', count: 5, rawLength: 50, body: { length: 5 } });
    await using terminal = startTop(url, 90, 20);
    await shows(terminal, 'web\\u{1b}[2J1');
    ledger.stored = 12_345;
    await shows(terminal, 'stored 12,345');
    terminal.stdin.write('size 40 10\n');
    await until(
      'it fits',
      () => screenOf(terminal).every((line) => line.length <= 40) && screenOf(terminal).length <= 10,
    );
    await receiver.down();
    await shows(terminal, 'NOT CONNECTED');
    await receiver.up();
    ledger.stored = 67_890;
    await shows(terminal, 'stored 67,890');
    expect(screenOf(terminal).join('\n')).not.toContain('NOT CONNECTED');
    terminal.stdin.write('key q\n');
    await shows(terminal, 'EXIT 0');
    expect(terminal.stdout.startsWith(ENTER)).toBe(true);
    expect(terminal.stdout.split(LEAVE).at(-1)?.trim()).toBe('EXIT 0');
  }, 90_000);

  test.each([
    ['SIGTERM', 'signal 15'],
    ['SIGINT', 'signal 2'],
    ['Ctrl-C', 'key \x03'],
  ])(
    '%s gives the screen back',
    async (_, order) => {
      await using terminal = startTop('127.0.0.1:1', 60, 10);
      await shows(terminal, 'NOT CONNECTED');
      terminal.stdin.write(`${order}\n`);
      await shows(terminal, 'EXIT 0');
      expect(terminal.stdout.split(LEAVE).at(-1)?.trim()).toBe('EXIT 0');
    },
    60_000,
  );
});

test('where there is no terminal it is plain text, once', async () => {
  await using receiver = await watched();
  await using right = new Program('server_main.ts', ['top', receiver.url], { METRICS_TOKEN: 's3cret' });
  const { code, stdout } = await right.ended();
  expect(stdout).toMatch(/^logferry \d+\.\d+\.\d+ {2}127\.0\.0\.1:\d+ {2}up .* ok\n\n0 logs\/s\n/);
  expect(stdout).not.toContain('\x1b');
  expect(code).toBe(0);
  await using wrong = new Program('server_main.ts', ['top', receiver.url, '--once']);
  const refused = await wrong.ended();
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain('it wants a token');
});
