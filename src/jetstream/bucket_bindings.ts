/** Which shipper id belongs to whom, for all receivers (`AUTH_BIND_IDS`): entries `binding.<shipper>` of the bucket, the owner as text. */
import type { Bucket } from './bucket.ts';
import { bindingKey } from './names.ts';

export class BucketBindings {
  readonly #bucket: Bucket;

  constructor(bucket: Bucket) {
    this.#bucket = bucket;
  }

  /** True where this id is `owner`'s, from now on if it was nobody's. Settles when the quorum has that; rejects, and binds nothing, where NATS does not answer. */
  async claim(shipperId: string, owner: string): Promise<boolean> {
    const key = bindingKey(shipperId);
    const known = (await this.#bucket.get(key))?.value.toString();
    if (known !== undefined) return known === owner;
    return (await this.#bucket.replace(key, Buffer.from(owner), 0)) !== undefined;
  }
}
