/**
 * The flow that docs/USERS.md compares with: `LRANGE`, append, `DEL`, for each key. With PUSH_MEANWHILE that entry comes
 * between the first and the last, as it may from any other process.
 */
import { appendFile, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { createClient } from 'redis';

const [, , url = '', folder = ''] = process.argv;
const client = createClient({ url });
await client.connect();
for (const key of await client.keys('logs:user_*')) {
  const lines = await client.lRange(key, 0, -1);
  const [, user = '', day = ''] = key.split(':');
  const file = join(folder, user, `${day}.jsonl`);
  await mkdir(dirname(file), { recursive: true });
  await appendFile(file, `${lines.join('\n')}\n`);
  if (process.env.PUSH_MEANWHILE !== undefined) await client.rPush(key, process.env.PUSH_MEANWHILE);
  await client.del(key);
}
client.destroy();
