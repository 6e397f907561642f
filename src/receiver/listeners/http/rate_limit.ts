export interface RateLimitOptions {
  /** 0: no limit. */
  readonly requestsPerMinute: number;
  /** So many may come at once; 0: as many as in a minute. */
  readonly burst: number;
  /** Milliseconds that only grow. */
  readonly now?: () => number;
}

/** Addresses that are remembered. Of more the one that was quiet longest is forgotten, and begins anew. */
const MAX_ADDRESSES = 100_000;

interface Bucket {
  tokens: number;
  at: number;
}

/** How many requests one address may make: a bucket that fills by the minute's rate, up to the burst. */
export class RateLimit {
  readonly #perMs: number;
  readonly #burst: number;
  readonly #now: () => number;
  /** The one that was quiet longest first. */
  readonly #buckets = new Map<string, Bucket>();

  constructor({ requestsPerMinute, burst, now = () => performance.now() }: RateLimitOptions) {
    this.#perMs = requestsPerMinute / 60_000;
    this.#burst = burst === 0 ? requestsPerMinute : burst;
    this.#now = now;
  }

  get addresses(): number {
    return this.#buckets.size;
  }

  /** Takes a request of this address: 0, or, where it is one too many, the seconds until the next may come. */
  take(address: string): number {
    if (this.#perMs === 0) return 0;
    const key = networkOf(address);
    const at = this.#now();
    const bucket = this.#buckets.get(key) ?? { tokens: this.#burst, at };
    bucket.tokens = Math.min(this.#burst, bucket.tokens + (at - bucket.at) * this.#perMs);
    bucket.at = at;
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    if (this.#buckets.size > MAX_ADDRESSES) this.#forgetOldest();
    if (bucket.tokens < 1) return Math.max(1, Math.ceil((1 - bucket.tokens) / this.#perMs / 1000));
    bucket.tokens -= 1;
    return 0;
  }

  #forgetOldest(): void {
    const [oldest] = this.#buckets.keys();
    if (oldest !== undefined) this.#buckets.delete(oldest);
  }
}

const IPV4_IN_IPV6 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/** What counts as one address: an IPv4 address, or the /64 of an IPv6 one, which is a single customer's. */
export function networkOf(address: string): string {
  const ipv4 = IPV4_IN_IPV6.exec(address)?.[1];
  if (ipv4 !== undefined) return ipv4;
  if (!address.includes(':')) return address;
  const [plain = ''] = address.toLowerCase().split('%');
  const [before = '', after] = plain.split('::');
  const head = groupsOf(before);
  const tail = after === undefined ? [] : groupsOf(after);
  const zeros = after === undefined ? 0 : 8 - head.length - tail.length;
  const groups = [...head, ...Array<string>(Math.max(0, zeros)).fill('0'), ...tail];
  return groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':');
}

const groupsOf = (text: string): string[] => (text === '' ? [] : text.split(':'));
