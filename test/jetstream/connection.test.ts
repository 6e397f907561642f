import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { connectNats, type NatsOptions } from '../../src/jetstream/connection.ts';
import { makeBlock } from '../helpers/blocks.ts';
import { Authority } from '../helpers/certificates.ts';
import { codeOf } from '../helpers/errors.ts';
import { freePort } from '../helpers/free_port.ts';
import { makeCredentials } from '../helpers/nats_credentials.ts';
import { NatsServer } from '../helpers/nats_server.ts';
import { openLog } from '../helpers/stream_logs.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';
import { until } from '../helpers/until.ts';

/** Appends a block by a log that is opened with this. */
async function appends(server: NatsServer, nats: Partial<NatsOptions>): Promise<string> {
  await using log = await openLog(server.url, 'Let', { nats });
  await log.resumePoint('a');
  return await log.append(await makeBlock());
}

describe('whoever shows the right thing is let in', () => {
  const right = { user: 'ferry', password: 'pa ss"wo:rd' };

  test('a name and a password', async () => {
    await using server = await NatsServer.start({
      config: `authorization { user: ferry, password: "pa ss\\"wo:rd" }`,
    });
    expect(await appends(server, right)).toBe('stored');
    for (const wrong of [{}, { ...right, password: 'other' }, { token: 'pa ss"wo:rd' }])
      expect(await codeOf(() => appends(server, wrong))).toBe('refused');
  });

  test('a token', async () => {
    await using server = await NatsServer.start({ config: 'authorization { token: "s3cret-token" }' });
    expect(await appends(server, { token: 's3cret-token' })).toBe('stored');
    expect(await codeOf(() => appends(server, { token: 'other' }))).toBe('refused');
  });

  test('a file of credentials', async () => {
    const { config, creds } = makeCredentials();
    await using server = await NatsServer.start({ config });
    await using folder = await temporaryFolder();
    const credentialsFile = join(folder.path, 'user.creds');
    await writeFile(credentialsFile, creds);
    expect(await appends(server, { credentialsFile })).toBe('stored');
    await writeFile(credentialsFile, makeCredentials().creds);
    expect(await codeOf(() => appends(server, { credentialsFile }))).toBe('refused');
    await writeFile(credentialsFile, 'no credentials');
    expect(await codeOf(() => appends(server, { credentialsFile }))).toBe('bad_settings');
  });
});

test('TLS: the server is checked, and checks who comes', async () => {
  await using folder = await temporaryFolder();
  const ours = await Authority.create(folder.path);
  const theirs = await Authority.create(folder.path, 'other');
  const certificate = await ours.signServer();
  const shown = await ours.sign({ name: 'receiver' });
  await using server = await NatsServer.start({
    config: `tls { cert_file: "${certificate.certPath}", key_file: "${certificate.keyPath}", ca_file: "${ours.certPath}", verify: true }`,
  });
  const tls = { caFile: ours.certPath, certFile: shown.certPath, keyFile: shown.keyPath };
  expect(await appends(server, { tls })).toBe('stored');
  const servers = [server.url.replace('nats:', 'tls:')];
  expect(await appends(server, { tls, servers })).toBe('repeated');
  for (const wrong of [{ ...tls, caFile: theirs.certPath }, { caFile: ours.certPath }])
    expect(await codeOf(() => appends(server, { tls: wrong, patienceMs: 300 }))).toBe('unavailable');
});

test('where no server is, that is said', async () => {
  const servers = [`nats://127.0.0.1:${await freePort()}`];
  const connecting = connectNats({ servers, name: 'test', patienceMs: 300 });
  await expect(connecting).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringMatching(/^NATS at nats:\/\/127\.0\.0\.1:\d+ can't be reached: /) as string,
  });
});

test('a file that can not be read is named', async () => {
  for (const [options, name] of [
    [{ credentialsFile: '/absent' }, 'NATS_CREDENTIALS'],
    [{ tls: { caFile: '/absent' } }, 'NATS_TLS_CA'],
  ] as const) {
    const connecting = connectNats({ servers: ['nats://127.0.0.1:1'], name: 'test', ...options });
    await expect(connecting).rejects.toThrow(`${name} can't be read: ENOENT`);
  }
});

test('a server without JetStream, or with a small max_payload', async () => {
  await using server = await NatsServer.start({ maxPayload: '64KB' });
  await expect(openLog(server.url, 'Small')).rejects.toThrow(
    /messages of 65536 bytes; its max_payload has to be 262144/,
  );
});

test('while there is no connection nothing is asked, and what was asked has failed at once', async () => {
  await using server = await NatsServer.start();
  await using nats = await connectNats({ servers: [server.url], name: 'test' });
  server.signal('SIGSTOP');
  const asked = performance.now();
  const answer = codeOf(() => nats.ask(() => nats.manager.getAccountInfo()));
  await server.kill();
  expect(await answer).toBe('unavailable');
  expect(performance.now() - asked).toBeLessThan(4000);
  let calls = 0;
  expect(await codeOf(() => nats.ask(() => Promise.resolve((calls += 1))))).toBe('unavailable');
  expect(calls).toBe(0);
  expect(nats.maxMessageBytes).toBe(8 * 1024 * 1024);
  await server.again();
  const isBack = async () =>
    (await codeOf(() => nats.ask(() => nats.manager.getAccountInfo()))) === 'no error';
  await until('it is back', isBack);
});
