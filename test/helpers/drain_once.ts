/** A drainer as a process of its own: `node drain_once.ts REDIS_URL FOLDER [rounds]`. It tells what it moved. */
import process from 'node:process';
import { RedisBuffer } from '../../src/users/redis/redis_buffer.ts';
import { UserFiles } from '../../src/users/user_files.ts';

const [, , url = '', folder = '', rounds = '1'] = process.argv;

await using files = await UserFiles.open(folder);
await using buffer = new RedisBuffer({ url, files });
await buffer.ready(20_000);
let moved = 0;
for (let round = 0; round < Number(rounds); round += 1) moved += (await buffer.drain()).entries;
process.stdout.write(`${moved}\n`);
