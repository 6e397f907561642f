/** deploy/compose_test needs an engine, which is not everywhere; what can be said without one is said here. */
import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { parse } from 'yaml';

test('it kills services that there are', async () => {
  const script = await readFile('deploy/compose_test', 'utf8');
  const { services } = parse(await readFile('docker-compose.yml', 'utf8'), { merge: true }) as {
    services: object;
  };
  const killed = [...script.matchAll(/^ {2}ship_and_kill (.*)$/gm)].flatMap(([, names = '']) =>
    names.replaceAll("'", '').split(' '),
  );
  expect(killed).toEqual(expect.arrayContaining(['server', 'nats-1', 'receiver-1', 'worker-1']));
  for (const name of killed) expect([...Object.keys(services), 'follower']).toContain(name);
});

test('a name that it does not know is refused, and nothing is started', () => {
  const { status, stderr } = spawnSync('deploy/compose_test', ['nowhere'], { encoding: 'utf8' });
  expect([status, stderr]).toEqual([1, 'compose_test: nowhere: expected base or cluster\n']);
});
