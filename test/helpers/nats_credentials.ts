/** Credentials of NATS' decentralized kind, without its tools: an operator, an account and a user, each a JWT signed by the one before (docs.nats.io, "JWTs"). */
import { nkeys } from '@nats-io/transport-node';

/** What a server's configuration says of them, and the user's .creds file. */
export interface NatsCredentials {
  readonly config: string;
  readonly creds: string;
}

type KeyPair = ReturnType<typeof nkeys.createUser>;

const UNLIMITED = -1;

export function makeCredentials(): NatsCredentials {
  const [operator, account, system, user] = [
    nkeys.createOperator(),
    nkeys.createAccount(),
    nkeys.createAccount(),
    nkeys.createUser(),
  ];
  const limits = {
    subs: -1,
    data: -1,
    payload: -1,
    imports: -1,
    exports: -1,
    wildcards: true,
    conn: -1,
    leaf: -1,
  };
  const storage = { mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 };
  const operatorJwt = jwt(operator, operator, { type: 'operator', system_account: system.getPublicKey() });
  const accountJwt = jwt(operator, account, { type: 'account', limits: { ...limits, ...storage } });
  const systemJwt = jwt(operator, system, { type: 'account', limits });
  const userJwt = jwt(account, user, {
    type: 'user',
    pub: {},
    sub: {},
    subs: UNLIMITED,
    data: UNLIMITED,
    payload: UNLIMITED,
  });
  return {
    config: `operator: ${operatorJwt}
system_account: ${system.getPublicKey()}
resolver: MEMORY
resolver_preload: { ${account.getPublicKey()}: ${accountJwt}, ${system.getPublicKey()}: ${systemJwt} }`,
    creds: credsFile(userJwt, Buffer.from(user.getSeed()).toString()),
  };
}

const credsFile = (userJwt: string, seed: string): string => `-----BEGIN NATS USER JWT-----
${userJwt}
------END NATS USER JWT------

-----BEGIN USER NKEY SEED-----
${seed}
------END USER NKEY SEED------
`;

function jwt(issuer: KeyPair, subject: KeyPair, nats: object): string {
  const claims = {
    jti: subject.getPublicKey(),
    iat: Math.floor(Date.now() / 1000),
    iss: issuer.getPublicKey(),
    sub: subject.getPublicKey(),
    name: 'test',
    nats: { ...nats, version: 2 },
  };
  const signed = [{ typ: 'JWT', alg: 'ed25519-nkey' }, claims]
    .map((part) => base64url(JSON.stringify(part)))
    .join('.');
  return `${signed}.${base64url(issuer.sign(Buffer.from(signed)))}`;
}

const base64url = (bytes: string | Uint8Array): string => Buffer.from(bytes as string).toString('base64url');
