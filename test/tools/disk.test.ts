import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { publishPlace } from '../../src/archive/follower_places.ts';
import { diskUsage } from '../../src/tools/disk.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';

test('an output takes its file and those rotated out; one that is a folder, all in there', async () => {
  await using folder = await temporaryFolder();
  const users = folder.in('users');
  const csv = folder.in('logs.csv');
  await mkdir(join(users, 'user_a'), { recursive: true });
  await writeFile(join(users, 'user_a', '19000.jsonl'), 'x'.repeat(30));
  await writeFile(join(users, 'user_a', '19001.jsonl'), 'x'.repeat(12));
  await writeFile(csv, 'x'.repeat(7));
  const place = { savedAt: '', entries: 2, malformed: 0 };
  for (const name of ['csv', 'sqlite', 'users']) await publishPlace(folder.path, name, place);
  const files = { csvFile: csv, sqliteFile: folder.in('none.db'), textFile: '', jsonlFile: '' };
  const settings = { ...files, folder: folder.path, userFilesFolder: users };
  const formats = { isCsvDefused: false, textTemplate: '', maxBytes: 0, maxFiles: 0 };
  const store = { eventsFolder: '', maxPayloadBytes: 1, snapshotEvery: 1 };
  const { outputs } = await diskUsage({ ...settings, ...formats, ...store }, { maxBytes: 0, maxAgeMs: 0 });
  expect(outputs).toMatchObject([
    { name: 'csv', files: 1, bytes: 7 },
    { name: 'sqlite', files: 0, bytes: 0 },
    { name: 'users', files: 2, bytes: 42 },
  ]);
});
