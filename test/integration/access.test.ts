/** Tokens and certificates as a user sets them: real processes, files, SIGHUP; and no secret in anything they say. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OPTIONS, OPTION_NAMES } from '../../src/config/options.ts';
import { Authority } from '../helpers/certificates.ts';
import { Program, ReceiverProgram, startShipper, type Ended } from '../helpers/programs.ts';
import { HELLO, rawPeer, typed } from '../helpers/raw_peer.ts';
import { temporaryFolder, type TemporaryFolder } from '../helpers/temp_folder.ts';
import { until } from '../helpers/until.ts';

let folder: TemporaryFolder;
let ca: Authority;

beforeAll(async () => {
  folder = await temporaryFolder();
  ca = await Authority.create(folder.path);
});
afterAll(() => folder[Symbol.asyncDispose]());

/** Ships ten entries. */
async function ship(port: number, env: Record<string, string> = {}): Promise<Ended> {
  await using state = await temporaryFolder();
  await using shipper = startShipper(port, ['generate'], {
    LOG_RATE: '0',
    RUN_TIME: '0.1',
    DELIVERY: 'acked',
    STATE_DIR: state.path,
    ...env,
  });
  return await shipper.ended();
}

const said = (program: Program, text: string): Promise<void> =>
  until(`it says "${text}"`, () => program.log.some(({ msg }) => msg.includes(text)));

/** SIGHUP, and the answer to it. */
async function hangUp(program: Program, answer: string): Promise<void> {
  const before = program.log.length;
  program.kill('SIGHUP');
  await until(`it says "${answer}"`, () => program.log.slice(before).some(({ msg }) => msg.includes(answer)));
}

describe('AUTH_TOKENS_FILE', () => {
  test('lets in by its tokens, is read again at SIGHUP, and a bad one changes nothing', async () => {
    await using data = await temporaryFolder();
    const file = data.in('tokens');
    await writeFile(file, '# who may ship\n\nold-token\r\n  spare-token  \n');
    await using receiver = await ReceiverProgram.start(data.in('archive'), {
      env: { AUTH_TOKENS_FILE: file },
    });
    const { port } = receiver;
    await writeFile(data.in('token'), '# of web-1\nold-token\n');
    expect((await ship(port, { AUTH_TOKEN_FILE: data.in('token') })).code).toBe(0);
    expect((await ship(port, { AUTH_TOKEN: 'spare-token' })).code).toBe(0);
    const without = await ship(port);
    expect(without).toMatchObject({ code: 1, stderr: expect.stringContaining('set AUTH_TOKEN') as string });

    for (const bad of ['', '# nothing\n', 'two words\n']) {
      await writeFile(file, bad);
      await hangUp(receiver, 'tokens stay as they were');
    }
    expect((await ship(port, { AUTH_TOKEN: 'old-token' })).code).toBe(0);

    await writeFile(file, 'new-token\n');
    await hangUp(receiver, 'tokens read again');
    expect((await ship(port, { AUTH_TOKEN: 'new-token' })).code).toBe(0);
    expect(await ship(port, { AUTH_TOKEN: 'old-token' })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('unauthorized') as string,
    });
  });

  test('is read again at a SIGHUP that comes while the receiver starts', async () => {
    await using data = await temporaryFolder();
    const [file, archive] = [data.in('tokens'), data.in('archive')];
    await writeFile(file, 'old-token\n');
    await using receiver = new Program('server_main.ts', [], {
      ...{ AUTH_TOKENS_FILE: file, DATA_DIR: archive },
      ...{ SERVER_HOST: '127.0.0.1', SERVER_PORT: '0' },
    });
    await until('it opens its archive', () => existsSync(archive), 30_000);
    receiver.kill('SIGHUP');
    await said(receiver, 'listening on');
    await said(receiver, 'SIGHUP: tokens read again');
  });

  test('that holds no token stops the start', async () => {
    await using data = await temporaryFolder();
    await writeFile(data.in('tokens'), '# none\n');
    await using receiver = new Program('server_main.ts', [], {
      AUTH_TOKENS_FILE: data.in('tokens'),
      DATA_DIR: data.in('archive'),
    });
    expect(await receiver.ended()).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('no token') as string,
    });
  });
});

test('without files to read again SIGHUP ends the receiver, as it does any program', async () => {
  await using data = await temporaryFolder();
  await using receiver = await ReceiverProgram.start(data.path);
  receiver.kill('SIGHUP');
  expect(await receiver.ended()).toMatchObject({ signal: 'SIGHUP' });
});

test('certificates are read again at SIGHUP; connections stay, and a bad pair changes nothing', async () => {
  await using data = await temporaryFolder();
  const [first, second] = [await ca.signServer(), await ca.signServer()];
  const [cert, key] = [data.in('cert.pem'), data.in('key.pem')];
  const install = async (from: { certPath: string; keyPath: string }): Promise<void> => {
    await copyFile(from.certPath, cert);
    await copyFile(from.keyPath, key);
  };
  await install(first);
  await using receiver = await ReceiverProgram.start(data.in('archive'), {
    env: { TLS_CERT: cert, TLS_KEY: key },
  });
  const call = async () => {
    const socket = connectTls({ port: receiver.port, host: '127.0.0.1', ca: ca.cert });
    await once(socket, 'secureConnect');
    return socket;
  };
  const early = await call();
  const shownBy = (socket: typeof early): string => socket.getPeerX509Certificate()?.serialNumber ?? '';

  await copyFile(second.keyPath, key);
  await hangUp(receiver, 'certificates stay as they were');
  await writeFile(cert, 'garbage');
  await hangUp(receiver, 'certificates stay as they were');
  const middle = await call();
  expect(shownBy(middle)).toBe(shownBy(early));

  await install(second);
  await hangUp(receiver, 'certificates read again');
  const late = await call();
  expect(shownBy(late)).not.toBe(shownBy(early));
  early.write(HELLO);
  await once(early, 'data');
  for (const socket of [early, middle, late]) socket.destroy();
  const env = { TLS_ENABLED: 'true', TLS_CA: ca.certPath };
  expect((await ship(receiver.port, env)).code).toBe(0);
  expect(await ship(receiver.port, { TLS_ENABLED: 'true' })).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("the receiver's certificate is not accepted") as string,
  });
});

describe('the how-to in docs/SECURITY.md', () => {
  test('works as it is written', async () => {
    await using data = await temporaryFolder();
    const text = await readFile(new URL('../../docs/SECURITY.md', import.meta.url), 'utf8');
    const commands = [...text.matchAll(/^```sh\n(.*?)^```/gms)].map((match) => match[1] ?? '');
    expect(commands.length).toBeGreaterThan(1);
    for (const command of commands) execFileSync('sh', ['-euc', command], { cwd: data.path, stdio: 'pipe' });
    const server = {
      TLS_CERT: data.in('receiver.pem'),
      TLS_KEY: data.in('receiver.key'),
      TLS_CA: data.in('ca.pem'),
    };
    const tokens = { AUTH_TOKENS_FILE: data.in('tokens'), AUTH_BIND_IDS: 'true' };
    await using receiver = await ReceiverProgram.start(data.in('archive'), { env: { ...server, ...tokens } });
    const client = {
      TLS_CERT: data.in('web-1.pem'),
      TLS_KEY: data.in('web-1.key'),
      TLS_CA: data.in('ca.pem'),
    };
    const env = {
      ...client,
      TLS_ENABLED: 'true',
      TLS_SERVER_NAME: 'logs.example.org',
      AUTH_TOKEN_FILE: data.in('tokens'),
    };
    expect((await ship(receiver.port, env)).code).toBe(0);
  });
});

describe('no secret is in anything the programs say', () => {
  const CANARY = 'canary-7d1f';
  const WRONG = `${CANARY} with-a-blank`;
  type Row = ['server_main.ts' | 'client_main.ts', string[], Record<string, string>, string?];

  test.each([
    ['server_main.ts', ['--help'], { AUTH_TOKENS: CANARY }],
    ['server_main.ts', ['serve', '--help'], { AUTH_TOKENS: CANARY }],
    ['client_main.ts', ['generate', '--help'], { AUTH_TOKEN: CANARY }],
    ['server_main.ts', ['--server-port', 'x'], { AUTH_TOKENS: CANARY }],
    ['server_main.ts', [], { AUTH_TOKENS: WRONG }],
    ['server_main.ts', ['--auth-tokens', WRONG], {}],
    ['client_main.ts', [], { AUTH_TOKEN: WRONG }],
    ['client_main.ts', [`--auth-token=${WRONG}`], {}],
    ['client_main.ts', [`--auth-tokn=${CANARY}`], {}],
    ['client_main.ts', ['send', `--auth-tokn=${CANARY}`, 'file'], {}],
    ['client_main.ts', ['--config', 'FILE'], {}, `[auth]\ntoken = "${CANARY}\n`],
    ['client_main.ts', ['--config', 'FILE'], {}, `[auth]\ntoken = "${WRONG}"\n`],
    ['server_main.ts', ['--config', 'FILE'], {}, `[auth]\ntokens = ["${CANARY}"]\n`],
    ['server_main.ts', [], { AUTH_TOKENS_FILE: 'FILE' }, `${WRONG}\n`],
    ['client_main.ts', [], { AUTH_TOKEN_FILE: 'FILE' }, `${CANARY}\n${CANARY}2\n`],
    [
      'server_main.ts',
      [],
      { TLS_CERT: 'FILE', TLS_KEY: 'FILE' },
      `-----BEGIN PRIVATE KEY-----\n${CANARY}\n-----END PRIVATE KEY-----\n`,
    ],
    ['server_main.ts', [], { AUTH_TOKENS: CANARY, AUTH_TOKENS_FILE: '/nowhere' }],
  ] as Row[])('%s %j %j', async (name, args, env, text = '') => {
    await using data = await temporaryFolder();
    const file = data.in('file');
    await writeFile(file, text);
    const filled = (value: string): string => (value === 'FILE' ? file : value);
    const set = Object.fromEntries(Object.entries(env).map(([key, value]) => [key, filled(value)]));
    await using program = new Program(name, args.map(filled), { DATA_DIR: data.in('archive'), ...set });
    const { code, stdout, stderr } = await program.ended();
    expect(code).toBe(args.includes('--help') ? 0 : 2);
    expect(stdout + stderr).not.toContain(CANARY);
    expect((stdout + stderr).length).toBeGreaterThan(20);
  });

  test('logs at their most talkative, right and wrong tokens, and the archive', async () => {
    await using data = await temporaryFolder();
    const env = { AUTH_TOKENS: `${CANARY}-right`, LOG_LEVEL: 'trace', AUTH_BIND_IDS: 'true' };
    await using receiver = await ReceiverProgram.start(data.path, { env });
    const trace = { LOG_LEVEL: 'trace' };
    const right = await ship(receiver.port, {
      ...trace,
      AUTH_TOKEN: `${CANARY}-right`,
      SHIPPER_ID: 'canary-test',
    });
    const wrong = await ship(receiver.port, { ...trace, AUTH_TOKEN: `${CANARY}-wrong` });
    expect([right.code, wrong.code]).toEqual([0, 1]);
    await using peer = await rawPeer(receiver.port);
    peer.send(HELLO, typed('OPEN', `{"shipperId":"x","token":"${CANARY}" nonsense`));
    await peer.ended();
    await said(receiver, 'not JSON');
    receiver.kill('SIGTERM');
    const { stdout, stderr } = await receiver.ended();
    const bindings = await readFile(data.in('id_bindings.json'), 'utf8');
    expect(bindings).toContain('canary-test');
    const answers = Buffer.concat(peer.frames.map(({ payload }) => payload)).toString();
    for (const text of [
      stdout,
      stderr,
      right.stderr,
      right.stdout,
      wrong.stderr,
      wrong.stdout,
      answers,
      bindings,
    ]) {
      expect(text).not.toContain(CANARY);
    }
  });

  test('options that hold one are marked', () => {
    const secret = OPTION_NAMES.filter((name) => OPTIONS[name].secret === true);
    expect(secret.toSorted()).toEqual([
      'AUTH_TOKEN',
      'AUTH_TOKENS',
      'DASHBOARD_TOKEN',
      'DATABASE_URL',
      'METRICS_TOKEN',
      'NATS_PASSWORD',
      'NATS_TOKEN',
      'REDIS_URL',
    ]);
  });
});
