/** A real PostgreSQL of its own, on a free port and in a folder of its own; gone with its handle. Root starts it as the user postgres. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chown, mkdir, readdir } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { freePort } from './free_port.ts';
import { temporaryFolder, type TemporaryFolder } from './temp_folder.ts';
import { until } from './until.ts';

const run = promisify(execFile);

/** Where Debian keeps the server's programs, a folder for each version. */
const DEBIAN_FOLDER = '/usr/lib/postgresql';

const STARTUP_MS = 60_000;

export interface PostgresServerOptions {
  /** What is committed survives the machine too; off, only the server's own end. */
  readonly fsync?: boolean;
  /** Settings as of postgresql.conf: `['max_connections=20']`. */
  readonly settings?: readonly string[];
}

interface Identity {
  readonly uid?: number;
  readonly gid?: number;
}

export class PostgresServer implements AsyncDisposable {
  readonly port: number;
  readonly #folder: TemporaryFolder;
  readonly #options: PostgresServerOptions;
  #child: ChildProcess | undefined;
  #databases = 0;

  private constructor(port: number, folder: TemporaryFolder, options: PostgresServerOptions) {
    this.port = port;
    this.#folder = folder;
    this.#options = options;
  }

  static async start(options: PostgresServerOptions = {}): Promise<PostgresServer> {
    for (let attempt = 0; ; attempt += 1) {
      const server = new PostgresServer(await freePort(), await temporaryFolder(), options);
      try {
        await server.#create();
        await server.again();
        return server;
      } catch (error) {
        await server[Symbol.asyncDispose]();
        if (attempt === 3) throw error;
      }
    }
  }

  /** The URL of a database, for its superuser or for another role. */
  url(database = 'postgres', role = 'postgres'): string {
    return `postgres://${encodeURIComponent(role)}@127.0.0.1:${this.port}/${database}`;
  }

  /** Makes an empty database; the answer is its name. */
  async createDatabase(): Promise<string> {
    const name = `test_${(this.#databases += 1)}`;
    await this.run(`CREATE DATABASE ${name} TEMPLATE template0`);
    return name;
  }

  /** Runs one statement as the superuser. */
  async run(statement: string, database = 'postgres'): Promise<unknown[]> {
    const client = new pg.Client({ connectionString: this.url(database) });
    client.on('error', () => undefined);
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(statement)).rows;
    } finally {
      await client.end();
    }
  }

  /** Starts it, on the port and with the data it had. */
  async again(): Promise<void> {
    const { fsync = false, settings = [] } = this.#options;
    const flags = [
      'unix_socket_directories=',
      'listen_addresses=127.0.0.1',
      `fsync=${fsync ? 'on' : 'off'}`,
      'shared_buffers=64MB',
      ...settings,
    ].flatMap((setting) => ['-c', setting]);
    const child = spawn(await program('postgres'), ['-D', this.#data, '-p', String(this.port), ...flags], {
      stdio: ['ignore', 'ignore', 'pipe'],
      cwd: this.#folder.path,
      ...(await identity()),
    });
    this.#child = child;
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-4000)));
    const failed = new Promise<never>((_, reject) => child.once('error', reject));
    failed.catch(() => undefined);
    const answers = async (): Promise<boolean> => {
      if (child.exitCode !== null) throw new Error(`postgres ended with ${child.exitCode}: ${said}`);
      return this.run('SELECT 1').then(
        () => true,
        () => false,
      );
    };
    await Promise.race([failed, until('postgres answers', answers, STARTUP_MS)]);
  }

  /** As a crash has it: every session ends at once, nothing is tidied up, and the next start recovers. */
  kill(): Promise<void> {
    return this.#end('SIGQUIT');
  }

  /** Ends every session, in order. */
  stop(): Promise<void> {
    return this.#end('SIGINT');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await this.#folder[Symbol.asyncDispose]();
  }

  get #data(): string {
    return this.#folder.in('data');
  }

  async #create(): Promise<void> {
    const who = await identity();
    await mkdir(this.#data);
    if (who.uid !== undefined && who.gid !== undefined) {
      await chown(this.#folder.path, who.uid, who.gid);
      await chown(this.#data, who.uid, who.gid);
    }
    const flags = [
      '-A',
      'trust',
      '-U',
      'postgres',
      '-E',
      'UTF8',
      '--locale=C',
      '--no-sync',
      '--no-instructions',
    ];
    await run(await program('initdb'), ['-D', this.#data, ...flags], { cwd: this.#folder.path, ...who });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }
}

/** A program of PostgreSQL: of the PATH, else the newest of Debian's. */
async function program(name: string): Promise<string> {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const versions = existsSync(DEBIAN_FOLDER) ? await readdir(DEBIAN_FOLDER) : [];
  versions.sort((a, b) => Number(b) - Number(a));
  folders.push(...versions.map((version) => join(DEBIAN_FOLDER, version, 'bin')));
  const found = folders.map((folder) => join(folder, name)).find(existsSync);
  if (found === undefined) throw new Error(`${name} is not installed: apt-get install postgresql`);
  return found;
}

/** PostgreSQL does not run as root. */
async function identity(): Promise<Identity> {
  if (process.getuid?.() !== 0) return {};
  const [uid, gid] = await Promise.all(
    ['-u', '-g'].map(async (flag) => Number((await run('id', [flag, 'postgres'])).stdout)),
  );
  return { ...(uid !== undefined && { uid }), ...(gid !== undefined && { gid }) };
}
