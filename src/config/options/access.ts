/** Who may ship, and over what. */
import { boolean, text, token, tokens, path } from '../kinds.ts';
import { option } from '../option.ts';

export const ACCESS_OPTIONS = {
  AUTH_TOKENS: option({
    kind: tokens,
    default: '',
    side: 'server',
    toml: 'auth.tokens',
    secret: true,
    help: 'Tokens, with commas between them. Where there are any, a shipper must show one, and plain peers are refused.',
  }),
  AUTH_TOKENS_FILE: option({
    kind: path,
    default: '',
    side: 'server',
    toml: 'auth.tokens_file',
    help: 'In place of AUTH_TOKENS: a file of tokens, one a line, # for comments. SIGHUP reads it again.',
  }),
  AUTH_BIND_IDS: option({
    kind: boolean,
    default: 'false',
    side: 'server',
    toml: 'auth.bind_ids',
    help: 'A shipper id belongs to the certificate (its subject), else the token, that used it first; any other is refused. Kept in DATA_DIR/id_bindings.json.',
  }),
  AUTH_TOKEN: option({
    kind: token,
    default: '',
    side: 'client',
    toml: 'auth.token',
    secret: true,
    help: 'Token for a receiver that wants one; shown to no other.',
  }),
  AUTH_TOKEN_FILE: option({
    kind: path,
    default: '',
    side: 'client',
    toml: 'auth.token_file',
    help: 'In place of AUTH_TOKEN: a file that holds it.',
  }),
  TLS_ENABLED: option({
    kind: boolean,
    default: 'false',
    side: 'client',
    toml: 'tls.enabled',
    help: "Connect by TLS 1.2 or later, and check the receiver's certificate and name.",
  }),
  TLS_SERVER_NAME: option({
    kind: text('a host name', (value) => /^[A-Za-z0-9._-]*$/.test(value)),
    default: '',
    side: 'client',
    toml: 'tls.server_name',
    help: "The name the receiver's certificate must be for, where it is not SERVER_HOST.",
  }),
  TLS_CERT: option({
    kind: path,
    default: '',
    side: 'both',
    toml: 'tls.cert',
    help: 'File with the certificate to show, in PEM; with TLS_KEY. The receiver then speaks TLS and nothing else, and reads both again at SIGHUP.',
  }),
  TLS_KEY: option({
    kind: path,
    default: '',
    side: 'both',
    toml: 'tls.key',
    help: 'File with the private key of TLS_CERT, in PEM.',
  }),
  TLS_CA: option({
    kind: path,
    default: '',
    side: 'both',
    toml: 'tls.ca',
    help: "File with the certificates of the CAs to trust, in PEM. The receiver then demands a client certificate; the shipper trusts these in place of the system's.",
  }),
} as const;
