import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { finished } from 'node:stream/promises';

/** Writes `count` numbered entries, a line each, not two alike; `from` is the first number. */
export async function writeNumberedFile(path: string, count: number, from = 1): Promise<void> {
  const file = createWriteStream(path);
  for (let at = from; at < from + count;) {
    let text = '';
    for (const end = Math.min(from + count, at + 5000); at < end; at += 1) {
      text += `{"n":${at},"level":"INFO","message":"entry ${at}","id":"${(Math.imul(at, 2654435761) >>> 0).toString(16)}","amount":${at}.0}\n`;
    }
    if (!file.write(text)) await once(file, 'drain');
  }
  file.end();
  await finished(file);
}
