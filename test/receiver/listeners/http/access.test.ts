/** Who may ask: tokens and TLS, as for shippers. */
import { request } from 'node:https';
import { expect, test } from 'vitest';
import { serverTls, Authority, type Certificate } from '../../../helpers/certificates.ts';
import { EVENT, httpReceiver } from '../../../helpers/http_receivers.ts';
import { archivedLines } from '../../../helpers/receivers.ts';
import { temporaryFolder } from '../../../helpers/temp_folder.ts';

const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });
const ACCESS = { tokens: ['first-token', 'second-token'], areIdsBound: false };

test('who shows one of the tokens is let in', async () => {
  await using folder = await temporaryFolder();
  await using http = await httpReceiver(folder, { access: ACCESS });
  for (const token of ACCESS.tokens) expect((await http.post(EVENT, bearer(token))).status).toBe(200);
  expect((await http.post(EVENT, { authorization: 'bearer  first-token' })).status).toBe(200);
});

test.each([
  ['no token', {}],
  ['another one', bearer('third-token')],
  ['the beginning of one', bearer('first-toke')],
  ['both at once', bearer('first-token,second-token')],
  ['one by another scheme', { authorization: 'Basic first-token' }],
  ['an empty one', { authorization: 'Bearer ' }],
])('who shows %s gets a 401, and its body is not looked at', async (_, headers) => {
  await using folder = await temporaryFolder();
  await using http = await httpReceiver(folder, { access: ACCESS });
  const { status, headers: said, body } = await http.post('no JSON', headers);
  expect(status).toBe(401);
  expect(said.get('www-authenticate')).toBe('Bearer');
  expect(body).toMatchObject({ error: 'unauthorized' });
  for (const path of ['/stats', '/users/ada/logs', '/metrics'])
    expect((await http.get(path)).status).toBe(401);
  for (const path of ['/healthz', '/readyz', '/openapi.json'])
    expect((await http.get(path)).status).toBe(200);
  expect(await archivedLines(folder.in('data'))).toEqual([]);
});

test('a token that is withdrawn lets in no more, a new one does', async () => {
  await using folder = await temporaryFolder();
  await using http = await httpReceiver(folder, { access: ACCESS });
  http.receiver.replaceTokens(['new-token']);
  expect((await http.post(EVENT, bearer('first-token'))).status).toBe(401);
  expect((await http.post(EVENT, bearer('new-token'))).status).toBe(200);
});

interface Trust {
  readonly ca: string;
  readonly client?: Certificate;
}

/** Posts by TLS; the status, and the name on the certificate that was shown. */
function postByTls(port: number, { ca, client }: Trust): Promise<{ status: number; serial: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; serial: string }>();
  const options = { ca, ...(client === undefined ? {} : { cert: client.cert, key: client.key }) };
  const asked = request(
    `https://127.0.0.1:${port}/log`,
    { ...options, method: 'POST', agent: false, headers: { 'content-type': 'application/json' } },
    (answer) => {
      const { socket } = answer as unknown as { socket: { getPeerCertificate(): { serialNumber: string } } };
      resolve({ status: answer.statusCode ?? 0, serial: socket.getPeerCertificate().serialNumber });
      answer.resume();
    },
  );
  asked.on('error', reject).end(JSON.stringify(EVENT));
  return promise;
}

test('with a certificate it speaks TLS and nothing else, and shows a new one from when it is replaced', async () => {
  await using folder = await temporaryFolder();
  const authority = await Authority.create(folder.path);
  const [first, second] = [await authority.signServer(), await authority.signServer()];
  await using http = await httpReceiver(folder, { listener: { tls: serverTls(first) } });
  const before = await postByTls(http.port, { ca: authority.cert });
  expect(before.status).toBe(200);
  await expect(fetch(`http://127.0.0.1:${http.port}/healthz`)).rejects.toThrow();
  http.receiver.replaceCertificate(serverTls(second));
  const after = await postByTls(http.port, { ca: authority.cert });
  expect(after.status).toBe(200);
  expect(after.serial).not.toBe(before.serial);
  expect(() => http.receiver.replaceCertificate({ cert: 'none', key: 'none' })).toThrow('TLS_CERT');
  expect((await postByTls(http.port, { ca: authority.cert })).serial).toBe(after.serial);
});

test('with a CA it wants a client certificate that it signed', async () => {
  await using folder = await temporaryFolder();
  const authority = await Authority.create(folder.path);
  const stranger = await Authority.create(folder.path, 'stranger');
  const server = await authority.signServer();
  await using http = await httpReceiver(folder, { listener: { tls: serverTls(server, authority) } });
  const { cert: ca } = authority;
  const client = await authority.sign({ name: 'client' });
  expect((await postByTls(http.port, { ca, client })).status).toBe(200);
  await expect(postByTls(http.port, { ca })).rejects.toThrow();
  await expect(
    postByTls(http.port, { ca, client: await stranger.sign({ name: 'client' }) }),
  ).rejects.toThrow();
  expect(await archivedLines(folder.in('data'))).toHaveLength(1);
});
