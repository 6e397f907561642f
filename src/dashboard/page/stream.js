/** The stream of what happens, from the receiver to this page; it comes back by itself. */

const RETRY_FIRST_MS = 500;
const RETRY_MAX_MS = 5000;

/** Figures come each second: a stream that is silent for so long is dead, whatever the browser thinks. */
const SILENT_MS = 6000;

const NAMES = ['history', 'figures', 'insight', 'tail', 'dropped'];

export class Stream {
  /** @type {EventSource | undefined} */
  #source;
  #query = '';
  #retryMs = RETRY_FIRST_MS;
  /** @type {number | undefined} */
  #timer;
  #heardAt = 0;
  #isLost = false;
  #handlers;

  /**
   * @param {{ on: (name: string, data: any) => void, lost: () => void, back: () => void, refused: () => Promise<boolean> }} handlers
   *   `refused` hears of an answer that is no stream, and says whether to go on trying.
   */
  constructor(handlers) {
    this.#handlers = handlers;
    setInterval(() => this.#watch(), 1000);
  }

  /**
   * Begins, or begins anew with another filter.
   * @param {URLSearchParams} query
   */
  open(query) {
    this.#query = query.toString();
    this.#connect();
  }

  close() {
    clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = undefined;
  }

  #connect() {
    this.close();
    const source = new EventSource(`/api/events?${this.#query}`);
    this.#source = source;
    this.#heardAt = performance.now();
    for (const name of NAMES) source.addEventListener(name, (event) => this.#heard(name, event.data));
    source.addEventListener('error', () => void this.#failed(source.readyState === EventSource.CLOSED));
  }

  /**
   * @param {string} name
   * @param {string} data
   */
  #heard(name, data) {
    this.#heardAt = performance.now();
    this.#retryMs = RETRY_FIRST_MS;
    if (this.#isLost) this.#handlers.back();
    this.#isLost = false;
    this.#handlers.on(name, JSON.parse(data));
  }

  /** @param {boolean} isRefused */
  async #failed(isRefused) {
    this.close();
    if (!this.#isLost) this.#handlers.lost();
    this.#isLost = true;
    if (isRefused && !(await this.#handlers.refused())) return;
    this.#timer = setTimeout(() => this.#connect(), this.#retryMs);
    this.#retryMs = Math.min(RETRY_MAX_MS, this.#retryMs * 1.6);
  }

  #watch() {
    if (this.#source !== undefined && performance.now() - this.#heardAt > SILENT_MS) void this.#failed(false);
  }
}
