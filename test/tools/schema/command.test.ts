import { writeFile } from 'node:fs/promises';
import { beforeAll, afterAll, expect, test } from 'vitest';
import { checkSchemas, showSchema, type SchemaOptions } from '../../../src/tools/schema/command.ts';
import { runServer } from '../../helpers/programs.ts';
import { temporaryFolder, type TemporaryFolder } from '../../helpers/temp_folder.ts';

const OLD = `
enum Level { INFO = 1 }
struct LogEvent { 1: i64 timestamp, 2: string service_name, 3: required string host, 5: optional Level level }
service Logs { i32 sendLogs(1: list<LogEvent> logs) }
`;
const NEW = `
enum Level { INFO = 1 }
struct LogEvent { 1: i64 timestamp, 2: string app, 5: optional Level level, 6: map<string, i64> counters = {"a": 1} }
service Logs { i32 sendLogs(1: list<LogEvent> logs) }
`;

let folder: TemporaryFolder;
beforeAll(async () => {
  folder = await temporaryFolder();
  await writeFile(folder.in('old.thrift'), OLD);
  await writeFile(folder.in('new.thrift'), NEW);
  await writeFile(folder.in('renamed.thrift'), OLD.replace('service_name', 'app'));
  await writeFile(folder.in('wrong.thrift'), 'struct A {\n  1: i32 service\n}');
});
afterAll(() => folder[Symbol.asyncDispose]());

const OPTIONS: SchemaOptions = { include: [], isJson: false, columns: 120 };

async function ran(
  run: (outputs: Parameters<typeof checkSchemas>[3]) => Promise<number>,
): Promise<{ code: number; stdout: string; stderr: string }> {
  const written = { stdout: '', stderr: '' };
  const code = await run({
    stdout: { write: (text: string) => (written.stdout += text) },
    stderr: { write: (text: string) => (written.stderr += text) },
  });
  return { code, ...written };
}

const check = (old: string, now: string, options: Partial<SchemaOptions> = {}) =>
  ran((outputs) => checkSchemas(folder.in(old), folder.in(now), { ...OPTIONS, ...options }, outputs));

test('a wide terminal gets a table, unsafe changes first', async () => {
  expect(await check('old.thrift', 'new.thrift')).toEqual({
    code: 1,
    stderr: '',
    stdout: `
        where                change                     hurts        why
UNSAFE  LogEvent.3 host      removed, required string   old readers  what is written now lacks it, and is refused for
                                                                     that
safe    LogEvent.2 app       renamed, was service_name  nobody       names are not on the wire; code that uses it has to
                                                                     follow
safe    LogEvent.6 counters  added, map<string, i64>    nobody       old readers skip it; new readers find it absent in
                                                                     old data
3 changes, 1 unsafe
`.slice(1),
  });
});

test('a narrow one gets paragraphs; no line is wider than it', async () => {
  const { stdout } = await check('old.thrift', 'new.thrift', { columns: 50 });
  expect(stdout).toBe(
    `
UNSAFE  LogEvent.3 host
        removed, required string
        hurts old readers
        what is written now lacks it, and is
        refused for that
safe    LogEvent.2 app
        renamed, was service_name
        names are not on the wire; code that uses
        it has to follow
safe    LogEvent.6 counters
        added, map<string, i64>
        old readers skip it; new readers find it
        absent in old data
3 changes, 1 unsafe
`.slice(1),
  );
  for (const columns of [24, 60, 99, 100, 101, 140])
    for (const line of (await check('old.thrift', 'new.thrift', { columns })).stdout.split('\n'))
      expect(line.length).toBeLessThanOrEqual(columns);
});

test('JSON has the same', async () => {
  const { code, stdout } = await check('old.thrift', 'new.thrift', { isJson: true });
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({
    safe: false,
    changes: [
      { where: 'LogEvent.2 app', change: 'renamed, was service_name', safe: true, hurts: [] },
      { where: 'LogEvent.3 host', change: 'removed, required string', safe: false, hurts: ['old readers'] },
      { where: 'LogEvent.6 counters', safe: true },
    ],
  });
});

test.each([
  ['old.thrift', 'old.thrift', 0, 'no changes on the wire or in names\n'],
  ['old.thrift', 'renamed.thrift', 0, '1 change, all safe\n'],
])('%s to %s: exit code %d', async (old, now, code, end) => {
  const done = await check(old, now);
  expect(done.code).toBe(code);
  expect(done.stdout.endsWith(end)).toBe(true);
});

test('a file that is wrong is exit code 2, with line and column', async () => {
  for (const [old, now] of [
    ['old.thrift', 'wrong.thrift'],
    ['wrong.thrift', 'old.thrift'],
  ] as const)
    expect(await check(old, now)).toEqual({
      code: 2,
      stdout: '',
      stderr: `error: ${folder.in('wrong.thrift')}:2:10: 'service' is a reserved word of Thrift: it can't be the name of a field\n`,
    });
  expect((await check('old.thrift', 'nothing.thrift')).code).toBe(2);
});

test('show prints what is on the wire, as text and as JSON', async () => {
  const show = (isJson: boolean) =>
    ran((outputs) => showSchema(folder.in('new.thrift'), { ...OPTIONS, isJson }, outputs));
  expect(await show(false)).toEqual({
    code: 0,
    stderr: '',
    stdout: `
struct LogEvent
  1  timestamp  i64
  2  app        string
  5  level      Level             optional
  6  counters   map<string, i64>  = [["a",1]]

enum Level
  INFO  1

service Logs
  i32 sendLogs(1: list<LogEvent> logs)
`.slice(1),
  });
  expect(JSON.parse((await show(true)).stdout)).toMatchObject({
    structs: {
      LogEvent: { kind: 'struct', fields: [{ id: 1, name: 'timestamp', type: 'i64' }, {}, {}, {}] },
    },
    enums: { Level: { INFO: 1 } },
    services: { Logs: { sendLogs: { oneway: false, returns: 'i32', throws: [] } } },
  });
});

test('the commands exit as they say', async () => {
  const paths = ['old.thrift', 'new.thrift', 'wrong.thrift'].map((name) => folder.in(name));
  const [old = '', now = '', wrong = ''] = paths;
  const [unsafe, bad, shown] = await Promise.all([
    runServer(['schema', 'check', old, now, '--json', '--include', folder.path]),
    runServer(['schema', 'check', old, wrong]),
    runServer(['schema', 'show', now]),
  ]);
  expect([unsafe.code, bad.code, shown.code]).toEqual([1, 2, 0]);
  expect(JSON.parse(unsafe.stdout)).toMatchObject({ safe: false });
  expect(bad.stderr).toContain('wrong.thrift:2:10');
  expect(shown.stdout).toContain('struct LogEvent\n');
});
