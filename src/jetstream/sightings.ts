/** How long keys of the bucket have not changed, by this process's own clock: no clock of another is asked. */
export class Sightings {
  readonly #now: () => number;
  readonly #seen = new Map<string, { readonly revision: number; sinceMs: number }>();

  /** `now` is monotonic, in milliseconds. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** The key has this revision; the answer is for how long it has been seen to have it. */
  see(key: string, revision: number): number {
    const known = this.#seen.get(key);
    if (known?.revision === revision) return this.#now() - known.sinceMs;
    this.#seen.set(key, { revision, sinceMs: this.#now() });
    return 0;
  }

  /** Nobody could be seen for a while: it is not held against them. */
  startAnew(): void {
    this.#seen.clear();
  }
}
