import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { findFiles, isPattern, lookAt, type Found, type Patterns } from './find.ts';
import type { Followed } from './followed.ts';
import type { FollowedFile } from './followed_file.ts';
import { Newcomers, type NewcomersOptions } from './newcomers.ts';
import { foldersOf, type Wake } from './wake.ts';

export interface ScannerOptions extends NewcomersOptions {
  readonly patterns: Patterns;
  readonly wake: Wake;
}

/** Looks which files there are, and which file each is. */
export class Scanner {
  readonly #options: ScannerOptions;
  readonly #followed: Followed;
  readonly #newcomers: Newcomers;
  /** What was said of a path, so that it is said once. */
  readonly #told = new Map<string, string>();
  #byPath = new Map<string, FollowedFile>();
  #hasScanned = false;
  #scanAtMs = 0;
  #pollAtMs = 0;
  #notBeforeMs = 0;

  constructor(followed: Followed, options: ScannerOptions) {
    this.#followed = followed;
    this.#options = options;
    this.#newcomers = new Newcomers(followed, options, (path, why) => this.#tell(path, why));
  }

  /** True for the path of a file that is followed, or may be soon. */
  has(path: string): boolean {
    return this.#byPath.has(path) || this.#newcomers.hasPath(path);
  }

  /** When to look again, unless something happens before. */
  get nextLookMs(): number {
    return Math.min(this.#scanAtMs, this.#pollAtMs);
  }

  /** Looks as far as it is time to. */
  async look(): Promise<void> {
    const { wake, now, times } = this.#options;
    for (const path of wake.takeChanged()) this.#changed(path);
    if (wake.hasRenames || this.#followed.isShort)
      this.#scanAtMs = Math.min(this.#scanAtMs, this.#notBeforeMs);
    if (now() >= this.#scanAtMs) {
      wake.hasRenames = this.#followed.isShort = false;
      const startedAt = now();
      await this.#scan();
      // A folder in which files come and go all the time is not looked through all the time.
      this.#notBeforeMs = now() + 10 * (now() - startedAt);
      const pauseMs = this.#followed.lost.hasMissing ? times.confirmMs : times.scanMs;
      this.#scanAtMs = Math.max(now() + pauseMs, this.#notBeforeMs);
    } else if (now() >= this.#pollAtMs) {
      await this.#poll();
    } else return;
    this.#pollAtMs = now() + times.pollMs;
  }

  async close(): Promise<void> {
    await this.#newcomers.close();
  }

  async #scan(): Promise<void> {
    const { patterns, times, now, wake } = this.#options;
    const { files, refused } = await findFiles(patterns);
    for (const [path, why] of refused) this.#tell(path, why);
    const present = new Map(files);
    if (!this.#hasScanned) for (const found of await this.#stragglers(files)) present.set(found.inode, found);
    this.#byPath = new Map();
    for (const file of this.#followed.files) this.#seen(file, files.get(file.inode));
    this.#newcomers.seen(present, { isFirst: !this.#hasScanned });
    this.#followed.lost.missed(present, now(), times.confirmMs);
    await this.#recognize();
    this.#followed.forget(times.forgetMs);
    const patternFolders = foldersOf(patterns.paths.map((path) => path.replace(/\/[^/]*[*?[{(].*$/, '/x')));
    wake.watch(new Set([...foldersOf(this.#byPath.keys()), ...patternFolders]), this);
    if (!this.#hasScanned) this.#tellBeginning();
    this.#hasScanned = true;
  }

  /** Files that grew lately are looked at, and newcomers that were not recognized. */
  async #poll(): Promise<void> {
    const { now, times } = this.#options;
    for (const file of this.#followed.files)
      if (!file.isDue && file.lookAtMs <= now()) await file.look(times);
    await this.#recognize();
  }

  async #recognize(): Promise<void> {
    for (const file of await this.#newcomers.recognizeAll())
      if (file.hasPath) this.#byPath.set(file.path, file);
  }

  #changed(path: string): void {
    const file = this.#byPath.get(path);
    if (file !== undefined) file.isDue = true;
    else this.#pollAtMs = 0;
  }

  /** Notes what the patterns find of a followed file now. */
  #seen(file: FollowedFile, found: Found | undefined): void {
    const hadPath = file.hasPath;
    file.hasPath = found !== undefined;
    if (found === undefined) {
      if (hadPath) this.#options.log.debug({ path: file.path }, `${file.path} has gone`);
      file.isRotated = true;
      file.isDue ||= hadPath;
      return;
    }
    if (!found.paths.includes(file.path)) {
      const [path = file.path] = found.paths;
      this.#options.log.info({ path: file.path, now: path }, `${file.path} is ${path} now`);
      file.path = path;
      file.isRotated = file.isDue = true;
      file.notBeforeMs = 0;
    }
    for (const path of found.paths) this.#byPath.set(path, file);
    file.noteFacts(found);
    file.looked(this.#options.times);
  }

  #tell(path: string, why: string): void {
    if (this.#told.get(path) === why) return;
    this.#told.set(path, why);
    this.#options.log.warn({ path }, `${path} is not followed: ${why}`);
  }

  #tellBeginning(): void {
    const { patterns, log } = this.#options;
    const files = this.#followed.size;
    log.info({ files }, `following ${files} ${files === 1 ? 'file' : 'files'}`);
    for (const path of patterns.paths)
      if (!isPattern(path) && !this.#byPath.has(path) && !this.#told.has(path))
        log.info({ path }, `${path} is not there yet: waiting for it`);
  }

  /** Files with something left to ship that were renamed to what no pattern finds while nobody looked. */
  async #stragglers(files: ReadonlyMap<string, Found>): Promise<Found[]> {
    const wanted = new Set(this.#followed.lost.all().map(({ inode }) => inode));
    for (const inode of files.keys()) wanted.delete(inode);
    if (wanted.size === 0) return [];
    const found: Found[] = [];
    for (const folder of foldersOf(this.#followed.lost.all().map(({ path }) => path))) {
      const names = await readdir(folder).catch(() => []);
      const there = await lookAt(names.map((name) => join(folder, name)));
      for (const file of there.files.values()) if (wanted.has(file.inode)) found.push(file);
    }
    return found;
  }
}
