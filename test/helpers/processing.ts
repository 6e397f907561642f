import { loadSettings, type ConfigSources } from '../../src/config/load.ts';
import { processorRules } from '../../src/config/processors.ts';
import { pipelineOf, type PipelineOptions } from '../../src/shipper/processors/pipeline.ts';
import type { ProcessorRules } from '../../src/shipper/processors/rules.ts';
import type { EntriesOfCut } from '../../src/shipper/entry_lines.ts';
import { LineCutter } from '../../src/base/lines.ts';

export type Flags = ConfigSources['flags'];

/** Rules as they would be with these flags. */
export const rulesOf = (flags: Flags): ProcessorRules => processorRules(loadSettings({ flags, env: {} }));

/** Processors with these flags. */
export const pipelineWith = (flags: Flags, more: Partial<PipelineOptions> = {}) =>
  pipelineOf({ rules: rulesOf(flags), headOf: () => '', ...more });

/** The lines given out for a whole text. */
export function processed(
  text: string | Buffer,
  flags: Flags,
  more: Partial<PipelineOptions> = {},
): string[] {
  const runs = runsOf([Buffer.from(text)], flags, more);
  return runs.flatMap(({ lines }) => lines.bytes.toString().split('\n').slice(0, -1));
}

/** The entries given out for a whole text. */
export const entriesFrom = (text: string | Buffer, flags: Flags): unknown[] =>
  processed(text, flags).map((line) => JSON.parse(line) as unknown);

/** All runs for a text that comes in these pieces. */
export function runsOf(
  pieces: readonly Buffer[],
  flags: Flags,
  { maxBytes = 1024 * 1024, ...more }: Partial<PipelineOptions> & { maxBytes?: number } = {},
): EntriesOfCut[] {
  const shaper = pipelineWith(flags, more).shaperOf('test');
  const cutter = new LineCutter(1024 * 1024);
  const runs = pieces.flatMap((bytes) =>
    [...cutter.push(Buffer.from(bytes))].flatMap((cut) => [...shaper.shape(cut, maxBytes)]),
  );
  const last = [...cutter.end()].flatMap((cut) => [...shaper.shape(cut, maxBytes)]);
  return [...runs, ...last, ...shaper.flush(maxBytes)];
}
