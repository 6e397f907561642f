/** A strict reader of Prometheus' text format, version 0.0.4: throws for what Prometheus would not take, or only by kindness. */
export interface Family {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly samples: readonly ParsedSample[];
}

export interface ParsedSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const NAME = /[a-zA-Z_:][a-zA-Z0-9_:]*/y;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(,|\})/y;
const VALUE = /^(?:[+-]?Inf|NaN|[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/;

/** The families of a text, in order: each with HELP, then TYPE, then samples that are all its own, none twice. */
export function parseExposition(text: string): Family[] {
  if (text !== '' && !text.endsWith('\n')) throw new Error('the text does not end with a newline');
  const families: { name: string; type: string; help: string; samples: ParsedSample[] }[] = [];
  for (const line of text.split('\n').slice(0, -1)) {
    const [, kind, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? [];
    const last = families.at(-1);
    if (kind === 'HELP') {
      if (families.some((family) => family.name === name)) throw new Error(`${name} comes twice`);
      families.push({ name, type: '', help: rest, samples: [] });
    } else if (kind === 'TYPE') {
      if (last?.name !== name || last.type !== '') throw new Error(`TYPE of ${name} is in the wrong place`);
      last.type = rest;
    } else if (last === undefined) throw new Error(`a sample before any family: ${line}`);
    else last.samples.push(sampleOf(line, last));
  }
  for (const family of families) expectNoneTwice(family);
  return families;
}

function sampleOf(line: string, { name: family, type }: { name: string; type: string }): ParsedSample {
  NAME.lastIndex = 0;
  const [name] = NAME.exec(line) ?? [''];
  const suffixes = type === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
  if (!suffixes.some((suffix) => family + suffix === name)) throw new Error(`not of ${family}: ${line}`);
  let at = name.length;
  const labels: Record<string, string> = {};
  if (line[at] === '{') {
    LABEL.lastIndex = at + 1;
    for (let end = ','; end === ',';) {
      const match = LABEL.exec(line);
      if (match === null) throw new Error(`bad labels: ${line}`);
      const [, label = '', value = ''] = match;
      if (label in labels) throw new Error(`a label twice: ${line}`);
      labels[label] = unescaped(value);
      end = match[3] ?? '';
      at = LABEL.lastIndex;
      LABEL.lastIndex = at;
    }
  }
  const value = line.slice(at + 1);
  if (line[at] !== ' ' || !VALUE.test(value)) throw new Error(`bad value: ${line}`);
  return { name, labels, value: Number(value.replace('Inf', 'Infinity')) };
}

const unescaped = (text: string): string =>
  text.replace(/\\(.)/g, (_, letter: string) => (letter === 'n' ? '\n' : letter));

function expectNoneTwice({ name, samples }: Family): void {
  const keys = samples.map((sample) => JSON.stringify([sample.name, Object.entries(sample.labels).sort()]));
  if (new Set(keys).size < keys.length) throw new Error(`${name} has a sample twice`);
}

/** The value of a sample; undefined where there is none. */
export function valueOf(text: string, name: string, labels: Record<string, string> = {}): number | undefined {
  return parseExposition(text)
    .flatMap(({ samples }) => samples)
    .find(
      (sample) =>
        sample.name === name &&
        Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
    )?.value;
}
