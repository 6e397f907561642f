/** Logs that one writer writes numbered lines to and rotates as rotation tools do. No line is written while it rotates. */
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
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

export class RotatingLogs {
  readonly folder: string;
  readonly #random: () => number;
  #lines = 0;

  constructor(folder: string, random: () => number = () => 0.5) {
    this.folder = folder;
    this.#random = random;
  }

  /** The lines written so far, in all logs together, numbered from 1. */
  get lines(): number {
    return this.#lines;
  }

  in(name: string): string {
    return join(this.folder, name);
  }

  /** Appends so many lines, in two writes that cut one of them. */
  async write(name: string, lines: number): Promise<void> {
    let text = '';
    for (const end = this.#lines + lines; this.#lines < end;)
      text += `{"n":${(this.#lines += 1)},"log":"${name}","text":"${'.'.repeat(this.#below(120))}"}\n`;
    const cut = this.#below(text.length);
    await appendFile(this.in(name), text.slice(0, cut));
    await appendFile(this.in(name), text.slice(cut));
  }

  /** `app.log` becomes `app.log.1`, that `app.log.2`, and so on. */
  async rename(name: string): Promise<void> {
    if (await this.#isEmpty(name)) return;
    await this.#shift(name);
    await rename(this.in(name), this.in(`${name}.1`));
    if (this.#random() < 0.5) await writeFile(this.in(name), '');
  }

  /** logrotate's copytruncate. */
  async copyTruncate(name: string): Promise<void> {
    if (await this.#isEmpty(name)) return;
    await this.#shift(name);
    await copyFile(this.in(name), this.in(`${name}.1`));
    await truncate(this.in(name));
  }

  /** Packs one of the rotated logs. */
  async pack(name: string): Promise<void> {
    const rotated = (await this.#rotated(name)).filter(({ isPacked }) => !isPacked);
    const one = rotated[this.#below(rotated.length)];
    if (one === undefined) return;
    await writeFile(this.in(`${one.name}.gz`), gzipSync(await readFile(this.in(one.name))));
    await rm(this.in(one.name));
  }

  /** Deletes the log and begins it anew: the new one often gets the inode of the old one. */
  async recreate(name: string, lines: number): Promise<void> {
    await rm(this.in(name), { force: true });
    await this.write(name, lines);
  }

  async #shift(name: string): Promise<void> {
    for (const { name: old, n, isPacked } of (await this.#rotated(name)).toSorted((a, b) => b.n - a.n))
      await rename(this.in(old), this.in(`${name}.${n + 1}${isPacked ? '.gz' : ''}`));
  }

  async #rotated(name: string): Promise<{ name: string; n: number; isPacked: boolean }[]> {
    const names = await readdir(this.folder);
    return names.flatMap((one) => {
      const n = one.startsWith(`${name}.`) ? /^(\d+)(\.gz)?$/.exec(one.slice(name.length + 1)) : null;
      return n === null ? [] : [{ name: one, n: Number(n[1]), isPacked: n[2] !== undefined }];
    });
  }

  async #isEmpty(name: string): Promise<boolean> {
    return (await stat(this.in(name)).catch(() => ({ size: 0 }))).size === 0;
  }

  #below(n: number): number {
    return Math.floor(this.#random() * n);
  }
}
