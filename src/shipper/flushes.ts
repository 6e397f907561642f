interface Waiting {
  readonly upTo: number;
  readonly done: () => void;
}

/** Who waits until all that a source has had when they asked is settled. A source that is begun anew gives all of it again. */
export class Flushes {
  #run = 0;
  #given = 0;
  #settled = 0;
  #asked: (() => void)[] = [];
  /** Those who had asked when the source last looked. */
  #heard: (() => void)[] = [];
  #waiting: Waiting[] = [];

  /** Settles once what the source has now is settled. */
  ask(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#asked.push(resolve);
    return promise;
  }

  /** True where somebody asked since the source last looked. */
  get isAsked(): boolean {
    return this.#asked.length > 0;
  }

  /** True where what the source finds is waited for. */
  get isHeard(): boolean {
    return this.#heard.length > 0;
  }

  /** The source looks for more: whoever asks later may want what it does not find now. */
  look(): void {
    this.#heard.push(...this.#asked.splice(0));
  }

  /** The source begins: what it gave before is not waited for, but what it gives again. */
  begin(): void {
    this.#run += 1;
    this.#given = this.#settled = 0;
    this.#asked.push(...this.#heard.splice(0), ...this.#waiting.splice(0).map(({ done }) => done));
  }

  /** The source gives something; the answer is to be called when that has settled. */
  give(): () => void {
    this.#given += 1;
    const [run, number] = [this.#run, this.#given];
    return () => {
      if (run !== this.#run) return;
      this.#settled = Math.max(this.#settled, number);
      this.#tell();
    };
  }

  /** The source has given all there was when it looked. */
  reachedEnd(): void {
    this.#waiting.push(...this.#heard.splice(0).map((done) => ({ upTo: this.#given, done })));
    this.#tell();
  }

  #tell(): void {
    const { ready = [], waiting = [] } = Object.groupBy(this.#waiting, ({ upTo }) =>
      upTo <= this.#settled ? 'ready' : 'waiting',
    );
    this.#waiting = waiting;
    for (const { done } of ready) done();
  }
}
