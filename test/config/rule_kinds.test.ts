import { writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { ConfigError, loadSettings, type ConfigSources } from '../../src/config/load.ts';
import { processorRules } from '../../src/config/processors.ts';
import { temporaryFolder } from '../helpers/temp_folder.ts';

/** The rules with patterns as their source, for comparison. */
function rulesFrom(sources: Partial<ConfigSources>): unknown {
  const rules = processorRules(loadSettings({ flags: {}, env: {}, ...sources }));
  const plain = JSON.stringify(rules, (key, value: unknown) =>
    key === 'regex' ? (value as { source: string }).source : value,
  );
  return JSON.parse(plain);
}

async function fromToml(text: string): Promise<unknown> {
  await using folder = await temporaryFolder();
  await writeFile(folder.in('logferry.toml'), text);
  return rulesFrom({ file: folder.in('logferry.toml') });
}

const TAGS = [
  { tag: 'auth' },
  { tag: 'slow', match: { regex: 'took [0-9]{4}' } },
  { tag: 'pay', match: { field: 'path', regex: '^/pay;x' } },
];
const EXCLUDE = [{ regex: 'healthz' }, { field: 'path', regex: '^/metrics' }];

describe('rules are the same, however they are given', () => {
  test('by flags, several times', () => {
    const flags = {
      tag: ['auth', 'slow=took [0-9]{4}', 'pay=path=~^/pay;x'],
      exclude: ['healthz', 'path=~^/metrics'],
      add: ['env=prod', 'note=a=b, c;'],
      drop: ['password,user.pin', 'x'],
    };
    expect(rulesFrom({ flags })).toMatchObject({
      ...{ tags: TAGS, exclude: EXCLUDE, drop: ['password', 'user.pin', 'x'] },
      add: [
        ['env', 'prod'],
        ['note', 'a=b, c;'],
      ],
    });
  });

  test('by the environment, with semicolons between them', () => {
    const env = {
      TAGS: 'auth; slow=took [0-9]{4} ;pay=path=~^/pay\\;x',
      FILTER_EXCLUDE: 'healthz;path=~^/metrics;',
      FIELDS_ADD: 'env=prod;note=a=b, c',
    };
    expect(rulesFrom({ env })).toMatchObject({
      ...{ tags: TAGS, exclude: EXCLUDE },
      add: [
        ['env', 'prod'],
        ['note', 'a=b, c'],
      ],
    });
  });

  test('by tables of TOML', async () => {
    const toml = `
      [[tag]]
      name = "auth"
      [[tag]]
      name = "slow"
      match = "took [0-9]{4}"
      [[tag]]
      name = "pay"
      match = "^/pay;x"
      field = "path"
      [[filter.exclude]]
      match = "healthz"
      [[filter.exclude]]
      match = "^/metrics"
      field = "path"
      [fields.add]
      env = "prod"
      shard = 3`;
    expect(await fromToml(toml)).toMatchObject({
      ...{ tags: TAGS, exclude: EXCLUDE },
      add: [
        ['env', 'prod'],
        ['shard', '3'],
      ],
    });
  });

  test('by arrays of TOML, and by single texts', async () => {
    const toml = `
      tag = ["auth", "slow=took [0-9]{4}", "pay=path=~^/pay;x"]
      [filter]
      exclude = ["healthz", "path=~^/metrics"]
      include = "a|b"
      [fields]
      drop = "password, pin"
      redact = ["email,card", "ssn=[0-9]+"]`;
    expect(await fromToml(toml)).toMatchObject({
      ...{ tags: TAGS, exclude: EXCLUDE, include: [{ regex: 'a|b' }], drop: ['password', 'pin'] },
      redact: [{ name: 'email' }, { name: 'card' }, { name: 'ssn', regex: '[0-9]+' }],
    });
  });
});

function problemOf(sources: Partial<ConfigSources>): string {
  try {
    rulesFrom(sources);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.join('\n');
    throw error;
  }
  return '';
}

describe('what is wrong with a rule is said', () => {
  test.each([
    [{ exclude: ['('] }, 'FILTER_EXCLUDE is ["("] (--exclude): expected a regular expression of RE2'],
    [{ include: ['(?=a)b'] }, '(--include): expected a regular expression of RE2'],
    [{ include: ['a', ''] }, 'expected no rule that is empty'],
    [{ 'multiline-start': '[' }, 'MULTILINE_START is "[" (--multiline-start): expected a regular expression'],
    [{ tag: ['login'] }, 'expected NAME=REGEX, or one of auth, payment, api; "login" is neither'],
    [{ tag: ['a b=c'] }, 'expected a name of letters and digits, not "a b"'],
    [{ tag: ['x='] }, 'expected a regular expression, and it is empty'],
    [{ redact: ['emails'] }, 'one of email, card, token'],
    [{ redact: ['x=field=~y'] }, 'REDACT: x looks at a field'],
    [{ add: ['env'] }, 'expected NAME=VALUE'],
    [{ drop: ['a b'] }, 'expected the name of a field, not "a b"'],
    [{ 'parse-columns': ['a,a'] }, 'no two alike'],
    [{ 'parse-separator': ';;' }, 'expected a character, or tab'],
    [{ parse: 'regex' }, 'PARSE is regex: PARSE_PATTERN is to hold'],
    [{ parse: 'regex', 'parse-pattern': '(a)' }, 'named groups'],
    [{ 'parse-pattern': '(?P<a>b)' }, 'PARSE_PATTERN is set, and PARSE is none'],
  ])('%j', (flags, problem) => {
    expect(problemOf({ flags })).toContain(problem);
  });

  test.each([
    ['[[tag]]\nname = "x"\nmatches = "y"', 'expected the keys name, match, field, and there is matches'],
    ['[[tag]]\nmatch = "y"', 'expected the key name'],
    ['[[tag]]\nname = "x"', 'one of auth, payment, api; "x" is neither'],
    ['[[tag]]\nname = "x"\nmatch = 3', 'expected match to be a text'],
    ['tag = [3]', 'expected texts or tables'],
    ['[[filter.exclude]]\nmatch = "("', 'expected a regular expression of RE2'],
    ['[[filter.exclude]]\nmatch = "a"\nfield = "b c"', 'expected field to be the name of a field'],
    ['[fields.add]\na = [1]', 'expected a to be a single value'],
    ['[[fields.drop]]\na = 1', 'expected texts, not tables'],
    ['[[filter.excludes]]\nmatch = "a"', 'filter.excludes is not an option'],
  ])('%s', async (toml, problem) => {
    await using folder = await temporaryFolder();
    await writeFile(folder.in('logferry.toml'), toml);
    expect(problemOf({ file: folder.in('logferry.toml') })).toContain(problem);
  });
});
