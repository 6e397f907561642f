/** Wakes those who wait for something to change; they look again themselves. */
export class Signal {
  #next: PromiseWithResolvers<void> | undefined;

  /** Settles at the next `notify`. */
  wait(): Promise<void> {
    this.#next ??= Promise.withResolvers<void>();
    return this.#next.promise;
  }

  notify(): void {
    this.#next?.resolve();
    this.#next = undefined;
  }
}
