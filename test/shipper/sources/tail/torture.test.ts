import {
  appendFile,
  copyFile,
  readFile,
  readdir,
  rename,
  rm,
  stat,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import type { SourcePositions } from '../../../../src/entry.ts';
import { seededRandom } from '../../../../src/shipper/random.ts';
import { linesIn } from '../../../helpers/chunks.ts';
import { collectLogs } from '../../../helpers/logs.ts';
import { Tail, positionsOf } from '../../../helpers/tails.ts';
import { temporaryFolder, type TemporaryFolder } from '../../../helpers/temp_folder.ts';
import { until } from '../../../helpers/until.ts';

const SEED = Number(process.env.FAULT_SEED ?? 20_260_214);
const STEPS = Number(process.env.TAIL_STEPS ?? 120);
const SEEDS = Number(process.env.TAIL_SEEDS ?? 4);

/** A log that is written and rotated in every way, and a tail of it that is killed and started again. */
class Torture {
  readonly #folder: TemporaryFolder;
  readonly #random: () => number;
  /** Every file begins with the same lines. */
  readonly #header: string;
  readonly #received: string[] = [];
  #positions: SourcePositions = {};
  #tail: Tail | undefined;
  #written = 0;
  #headers = 0;
  readonly #logs = collectLogs();
  readonly steps: string[] = [];

  constructor(folder: TemporaryFolder, seed: number) {
    this.#folder = folder;
    this.#random = seededRandom(seed);
    this.#header = seed % 2 === 0 ? '' : `{"header":"${'x'.repeat(seed % 4 === 1 ? 20 : 1200)}"}\n`;
  }

  get app(): string {
    return this.#folder.in('app.log');
  }

  async write(): Promise<void> {
    const isNew = (await stat(this.app).catch(() => ({ size: 0 }))).size === 0;
    let text = isNew ? this.#header : '';
    if (isNew && text !== '') this.#headers += 1;
    for (const end = this.#written + 1 + this.#below(40); this.#written < end;)
      text += `{"n":${(this.#written += 1)}${this.#random() < 0.2 ? `,"filler":"${'y'.repeat(this.#below(300))}"` : ''}}\n`;
    const cut = this.#below(text.length + 1);
    await appendFile(this.app, text.slice(0, cut));
    if (this.#random() < 0.3) await delay(this.#below(5));
    await appendFile(this.app, text.slice(cut));
  }

  async shift(): Promise<void> {
    const names = (await readdir(this.#folder.path)).filter((name) => /^app\.log\.\d+/.test(name));
    const numbered = names.map((name) => ({
      name,
      n: Number(name.split('.')[2]),
      packed: name.endsWith('.gz'),
    }));
    for (const { name, n, packed } of numbered.toSorted((a, b) => b.n - a.n))
      await rename(this.#folder.in(name), `${this.app}.${n + 1}${packed ? '.gz' : ''}`);
  }

  async renameRotation(): Promise<void> {
    if ((await stat(this.app).catch(() => ({ size: 0 }))).size === 0) return;
    await this.shift();
    await rename(this.app, `${this.app}.1`);
    if (this.#random() < 0.5) await writeFile(this.app, '');
  }

  async copyTruncate(): Promise<void> {
    if ((await stat(this.app).catch(() => ({ size: 0 }))).size === 0) return;
    await this.shift();
    if (this.#random() < 0.5) {
      await copyFile(this.app, `${this.app}.1`);
    } else {
      const bytes = await readFile(this.app);
      const half = this.#below(bytes.length);
      await writeFile(`${this.app}.1`, bytes.subarray(0, half));
      await delay(this.#below(30));
      await appendFile(`${this.app}.1`, bytes.subarray(half));
    }
    if (this.#random() < 0.3) await delay(this.#below(30));
    await truncate(this.app);
  }

  async pack(): Promise<void> {
    const plain = (await readdir(this.#folder.path)).filter((name) => /^app\.log\.\d+$/.test(name));
    const name = plain[this.#below(plain.length)];
    if (name === undefined) return;
    const packed = gzipSync(await readFile(this.#folder.in(name)));
    const half = this.#below(packed.length);
    await writeFile(this.#folder.in(`${name}.gz`), packed.subarray(0, half));
    if (this.#random() < 0.5) await delay(this.#below(30));
    await appendFile(this.#folder.in(`${name}.gz`), packed.subarray(half));
    await rm(this.#folder.in(name));
  }

  /** Removes the log when all of it was received: the next one often has the same inode. */
  async recreate(): Promise<void> {
    await this.start();
    await this.hasAll();
    // A copy that was just made is recognized, before the other one goes.
    await delay(150);
    await this.kill(true);
    await rm(this.app, { force: true });
    await this.write();
  }

  async start(): Promise<void> {
    if (this.#tail !== undefined) return;
    const times = { rotatedMs: 60, copyMs: 5000 };
    this.#tail = new Tail(
      { paths: [this.#folder.in('app.log*')], times, log: this.#logs.log },
      this.#positions,
    );
    await delay(this.#below(60));
  }

  /** The receiver has the first so many of its chunks. */
  async kill(hasAll = false): Promise<void> {
    const tail = this.#tail;
    if (tail === undefined) return;
    this.#tail = undefined;
    const count = hasAll ? undefined : tail.chunks.length - this.#below(Math.min(tail.chunks.length, 6) + 1);
    await tail.stop();
    const chunks = tail.chunks.slice(0, count);
    this.#received.push(...linesIn(chunks));
    this.#positions = positionsOf(chunks, this.#positions);
  }

  async hasAll(): Promise<void> {
    const count = (): number =>
      new Set([...this.#received, ...(this.#tail?.lines ?? [])].filter((line) => line.startsWith('{"n"')))
        .size;
    await until('all lines came', () => count() >= this.#written, 8000).catch(() => {
      this.check();
      expect.fail('nothing is missing');
    });
  }

  check(): void {
    const lines = [...this.#received, ...(this.#tail?.lines ?? [])];
    const numbers = lines
      .filter((line) => line.startsWith('{"n"'))
      .map((line) => (JSON.parse(line) as { n: number }).n);
    const seen = new Map<number, number>();
    for (const n of numbers) seen.set(n, (seen.get(n) ?? 0) + 1);
    const twice = [...seen].filter(([, times]) => times > 1).map(([n]) => n);
    const missing = Array.from({ length: this.#written }, (_, i) => i + 1).filter((n) => !seen.has(n));
    const headers = lines.filter((line) => line.startsWith('{"header"')).length;
    const others = lines.filter((line) => !/^\{"(n|header)"/.test(line));
    this.steps.push(...this.#logs.lines.splice(0).map(({ msg }) => `    ${msg}`));
    expect(
      { twice, missing, headers, others },
      `${this.steps.join('\n').replaceAll(this.#folder.path, '')}\n`,
    ).toEqual({
      twice: [],
      missing: [],
      headers: this.#headers,
      others: [],
    });
  }

  async step(): Promise<void> {
    const steps = [
      'write',
      'write',
      'write',
      'renameRotation',
      'copyTruncate',
      'pack',
      'kill',
      'start',
      'start',
      'settle',
      'pause',
      'recreate',
    ] as const;
    const step = steps[this.#below(steps.length)] ?? 'write';
    this.steps.push(...this.#logs.lines.splice(0).map(({ msg }) => `    ${msg}`), `${step} ${this.#written}`);
    if (step === 'pause') await delay(this.#below(80));
    else if (step === 'settle') {
      if (this.#tail !== undefined) await this.hasAll();
    } else await this[step]();
  }

  async end(): Promise<void> {
    await this.start();
    await this.hasAll();
    await delay(300);
    this.check();
    await this.kill(true);
    await this.start();
    await delay(200);
    this.check();
    await this.kill(true);
  }

  #below(n: number): number {
    return Math.floor(this.#random() * n);
  }
}

test.each(Array.from({ length: SEEDS }, (_, index) => SEED + index))('seed %i', async (seed) => {
  await using folder = await temporaryFolder();
  const torture = new Torture(folder, seed);
  for (let step = 0; step < STEPS; step += 1) await torture.step();
  await torture.end();
});
