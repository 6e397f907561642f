/** Which shipper id belongs to whom (`AUTH_BIND_IDS`) goes along with a move. Where nothing was ever bound, nothing is there. */
import type { Bucket } from '../../jetstream/bucket.ts';
import { BucketBindings } from '../../jetstream/bucket_bindings.ts';
import { bindingKey, textOf } from '../../jetstream/names.ts';
import { IdBindings } from '../../receiver/id_bindings.ts';

/** Throws where an id is another's there. */
export async function bindInBucket(folder: string, bucket: Bucket): Promise<void> {
  const bindings = new BucketBindings(bucket);
  for (const [id, owner] of (await IdBindings.open(folder)).owners)
    if (!(await bindings.claim(id, owner))) throw belongsToAnother(id, 'the bucket');
}

/** Throws where an id is another's there. */
export async function bindInFolder(bucket: Bucket, folder: string): Promise<void> {
  const bindings = await IdBindings.open(folder);
  const prefix = bindingKey('');
  for (const key of await bucket.keys(prefix)) {
    const id = textOf(key.slice(prefix.length));
    const owner = (await bucket.get(key))?.value.toString();
    if (owner !== undefined && !(await bindings.claim(id, owner))) throw belongsToAnother(id, folder);
  }
}

const belongsToAnother = (id: string, where: string): Error =>
  new Error(`${id} belongs to another in ${where} than where it is moved from (AUTH_BIND_IDS)`);
